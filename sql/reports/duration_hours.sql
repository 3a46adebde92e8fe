-- Durations of each hour by environment, service and bucket, from hour rows of {closed} and minute rows of {opened}.
select
    hour_time,
    environment,
    service,
    duration_bucket,
    cast(sum(event_count) as bigint) as event_count
from (
    select hour_time, environment, service, duration_bucket, event_count
    from {closed}
    union all
    select date_trunc('hour', minute_time) as hour_time, environment, service, duration_bucket, event_count
    from {opened}
) as both_levels
group by hour_time, environment, service, duration_bucket
