-- Histogram of each service's durations by minute, from {rows}: {environment} chooses one environment, or is null for
-- all together.
select
    tenant,
    service,
    minute_time,
    duration_bucket,
    cast(sum(event_count) as bigint) as event_count
from {rows} as by_minute
where {environment} is null or environment = {environment}
group by tenant, service, minute_time, duration_bucket
order by tenant, service, minute_time, duration_bucket
