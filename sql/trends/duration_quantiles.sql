-- Durations that a share of {numerator} in {denominator} events do not exceed, by {keys}: the midpoint of the bucket in
-- which that share is reached, at most 1/64 off. {scale} says what buckets stand for; it spares shifts and divisions.
-- The share is compared as whole numbers on both sides: no engine rounds.
select
    {keys},
    (reached.duration_bucket - scale.shift) * scale.width + scale.half as duration_ns,
    reached.event_count
from (
    select
        {keys},
        min(duration_bucket) as duration_bucket,
        max(total) as event_count
    from (
        select
            {keys},
            duration_bucket,
            sum(event_count) over (
                partition by {keys} order by duration_bucket rows between unbounded preceding and current row
            ) as running,
            sum(event_count) over (partition by {keys}) as total
        from (
            select {keys}, duration_bucket, cast(sum(event_count) as bigint) as event_count
            from {rows}
            group by {keys}, duration_bucket
        ) as buckets
    ) as summed
    where running * {denominator} >= total * {numerator}
    group by {keys}
) as reached
inner join {scale} as scale
    on reached.duration_bucket between scale.first_bucket and scale.last_bucket
order by {keys}
