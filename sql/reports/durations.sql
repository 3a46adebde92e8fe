-- Durations by slice (a set of hours: {slices}), environment, service and bucket, from {rows} by hour.
select
    slices.slice,
    by_hour.environment,
    by_hour.service,
    by_hour.duration_bucket,
    cast(sum(by_hour.event_count) as bigint) as event_count
from {rows} as by_hour
inner join {slices} as slices on by_hour.hour_time = slices.hour_time
group by slices.slice, by_hour.environment, by_hour.service, by_hour.duration_bucket
order by slices.slice, by_hour.environment, by_hour.service, by_hour.duration_bucket
