-- Durations by hour and bucket: of days from {closed}, hour rows; of hours that no day holds yet from {opened}, minute
-- rows.
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
order by hour_time, environment, service, duration_bucket
