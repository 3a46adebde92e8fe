-- All measures at the finest grain: a minute, environment, service, severity and pattern. Every trend table is a merge
-- of these rows, so events are aggregated once.
select
    tenant,
    time_unix_nano - time_unix_nano % 60000000000 as minute_unix_nano,
    environment,
    service,
    severity_number,
    pattern_id,
    count(*) as event_count,
    count(*) filter (where is_error) as error_count,
    count(*) filter (where is_request) as request_count,
    cast(sum(body_bytes) as bigint) as bytes,
    count(duration_ns) as duration_count,
    -- A bigint sum overflows at 3,558 durations of 30 days.
    coalesce(sum(cast(duration_ns as decimal(38, 0))), cast(0 as decimal(38, 0))) as duration_sum_ns,
    min(duration_ns) as duration_min_ns,
    max(duration_ns) as duration_max_ns,
    cast(sum(sample_weight) as bigint) as weighted_event_count,
    cast(sum(case when is_error then sample_weight else 0 end) as bigint) as weighted_error_count,
    cast(sum(case when is_request then sample_weight else 0 end) as bigint) as weighted_request_count,
    min(time_unix_nano) as first_seen_unix_nano,
    max(time_unix_nano) as last_seen_unix_nano,
    min(event_id) as exemplar_event_id
from {events}
group by 1, 2, 3, 4, 5, 6
