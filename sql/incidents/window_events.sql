-- The events from {since} on, before {until} (nanoseconds since 1970), of the time that {is_read} leaves, read once:
-- every question that follows is asked of these rows, because a window lies in many small files. {call_site} is the line
-- number in the code that a body states, if it states one: the coarse mask hides it, and lines of two places in the code
-- may have the same words.
select
    tenant,
    time_unix_nano,
    observed_time,
    coalesce(service, '') as service,
    host,
    coalesce(severity_number, cast(0 as tinyint)) as severity_number,
    severity_text,
    pattern_id,
    {call_site} as call_site,
    is_error,
    duration_bucket,
    trace_id,
    event_id,
    record_hash,
    raw_object,
    raw_line,
    raw_record,
    substr(body, 1, 2049) as body,
    substr(attributes, 1, 4000) as attributes
from {events}
where time_unix_nano >= {since}
    and time_unix_nano < {until}
    and {is_read}
