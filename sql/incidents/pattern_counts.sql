-- How often each pattern of a service came in each slice of time. Slices are told by their start, in nanoseconds since
-- {origin}: negative before the incident's window. Counts are what memory is spent on, not events.
select
    service,
    pattern_id,
    call_site,
    (time_unix_nano - {origin}) - ((time_unix_nano - {origin}) % {slice_ns} + {slice_ns}) % {slice_ns} as slice_start,
    max(severity_number) as severity_number,
    min(time_unix_nano) as first_unix_nano,
    count(*) as event_count,
    count(*) filter (where is_error) as error_count
from {lines}
group by 1, 2, 3, 4
order by 1, 2, 3, 4
