-- What a pattern of a service looks like: its smallest and largest body and its first event, over the whole time read.
select
    service,
    pattern_id,
    min(body) as smallest_body,
    max(substr(body, 1, 1000)) as largest_body,
    min(time_unix_nano) as first_seen_unix_nano
from {events}
group by 1, 2
order by 1, 2
