-- A few events of chosen lines: {chosen} has line (a number), service, pattern_id, call_site, since and until (nanoseconds
-- since 1970) and is_latest. The first in time show how something began; of what stopped the last ones are shown
-- (is_latest).
select
    line,
    event_id,
    service,
    time_unix_nano,
    host,
    trace_id,
    severity_text,
    body,
    attributes
from (
    select
        c.line,
        e.event_id,
        e.service,
        e.time_unix_nano,
        e.host,
        e.trace_id,
        e.severity_text,
        substr(e.body, 1, 1000) as body,
        e.attributes,
        e.raw_object,
        e.raw_line,
        e.raw_record,
        row_number() over (
            partition by c.line
            order by
                case when c.is_latest then -e.time_unix_nano else e.time_unix_nano end,
                e.event_id,
                e.raw_object,
                e.raw_line,
                e.raw_record
        ) as place
    from {events} as e
    inner join {chosen} as c
        on e.service = c.service
        and e.pattern_id = c.pattern_id
    where e.time_unix_nano >= c.since
        and e.time_unix_nano < c.until
        and e.call_site = c.call_site
) as examples
where place <= {most}
order by line, time_unix_nano, event_id, raw_object, raw_line, raw_record
