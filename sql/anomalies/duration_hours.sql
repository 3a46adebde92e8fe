-- Histogram of each service's durations over an hour, from {rows} by minute.
select
    tenant,
    service,
    duration_bucket,
    cast(sum(event_count) as bigint) as event_count
from {rows} as by_minute
group by tenant, service, duration_bucket
order by tenant, service, duration_bucket
