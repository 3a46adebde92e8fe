-- The events of a window once each, without what is long. {repeated} are the rows of trends/repeated_events.sql.
select
    e.time_unix_nano,
    e.service,
    e.host,
    e.severity_number,
    e.pattern_id,
    e.call_site,
    e.is_error,
    e.duration_bucket,
    e.trace_id,
    e.event_id
from {events} as e
left join {repeated} as r
    on e.tenant = r.tenant
    and e.event_id = r.event_id
    and e.raw_object = r.raw_object
    and e.raw_line = r.raw_line
    and e.raw_record = r.raw_record
where coalesce(r.copy_number, 1) = 1
