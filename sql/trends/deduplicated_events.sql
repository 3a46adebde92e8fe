-- Every event of an hour once, with the columns that trends count. {repeated} are the rows of repeated_events.sql: all
-- but the first copy of each event are left out, and so are no other rows.
select
    tenant,
    time_unix_nano,
    coalesce(environment, '') as environment,
    service,
    coalesce(severity_number, cast(0 as tinyint)) as severity_number,
    pattern_id,
    duration_ns,
    duration_bucket,
    is_error,
    is_request,
    body_bytes,
    sample_weight,
    event_id
from {events}
where record_hash is null
    or event_id not in (select event_id from {repeated})
union all
select
    e.tenant,
    e.time_unix_nano,
    coalesce(e.environment, '') as environment,
    e.service,
    coalesce(e.severity_number, cast(0 as tinyint)) as severity_number,
    e.pattern_id,
    e.duration_ns,
    e.duration_bucket,
    e.is_error,
    e.is_request,
    e.body_bytes,
    e.sample_weight,
    e.event_id
from {events} as e
inner join {repeated} as r
    on e.tenant = r.tenant
    and e.event_id = r.event_id
    and e.raw_object = r.raw_object
    and e.raw_line = r.raw_line
    and e.raw_record = r.raw_record
where r.copy_number = 1
