-- Every event of an hour once. {repeated} are the rows of repeated_events.sql, few: of them only the first copy of each
-- event stays.
select
    e.tenant,
    e.time_unix_nano,
    e.environment,
    e.service,
    e.severity_number,
    e.pattern_id,
    e.duration_ns,
    e.duration_bucket,
    e.is_error,
    e.is_request,
    e.body_bytes,
    e.sample_weight,
    e.event_id
from {events} as e
left join {repeated} as r
    on e.event_id = r.event_id
    and e.raw_object = r.raw_object
    and e.raw_line = r.raw_line
    and e.raw_record = r.raw_record
    and e.tenant = r.tenant
where r.copy_number is null or r.copy_number = 1
