-- Durations of the hours of one slice ({slices}), from {rows} by hour.
select
    by_hour.hour_time,
    by_hour.environment,
    by_hour.service,
    by_hour.duration_bucket,
    by_hour.event_count
from {rows} as by_hour
inner join {slices} as slices on by_hour.hour_time = slices.hour_time
