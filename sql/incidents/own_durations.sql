-- What an alarm rule on durations measures in each period of {minutes}: the duration, in milliseconds, that {share} per
-- cent of all do not exceed, where there are at least {least}. It is the midpoint of its bucket (docs/concepts.md).
select
    point_time,
    cast(
        case
            when bucket < 64 then bucket
            else ((bucket - (((bucket >> 5) - 1) << 5)) << ((bucket >> 5) - 1)) + ((1 << ((bucket >> 5) - 1)) - 1) // 2
        end as double
    ) / 1e6 as value
from (
    select point_time, cast(min(duration_bucket) as bigint) as bucket
    from (
        select
            point_time,
            duration_bucket,
            sum(event_count) over (
                partition by point_time order by duration_bucket rows between unbounded preceding and current row
            ) as running,
            sum(event_count) over (partition by point_time) as total
        from (
            select
                time_bucket({minutes}, minute_time) as point_time,
                duration_bucket,
                sum(event_count) as event_count
            from service_duration_minute
            where tenant = {tenant}
                and service = {service}
                and {environment}
                and minute_time >= {since}
                and minute_time < {until}
            group by 1, 2
        ) as buckets
    ) as summed
    where running * 100 >= total * {share} and total >= {least}
    group by point_time
) as reached
order by point_time
