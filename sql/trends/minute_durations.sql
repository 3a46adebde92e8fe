-- Durations at the finest grain: a minute, environment, service, severity and logarithmic bucket.
select
    tenant,
    time_unix_nano - time_unix_nano % 60000000000 as minute_unix_nano,
    environment,
    service,
    severity_number,
    duration_bucket,
    count(*) as event_count,
    cast(sum(sample_weight) as bigint) as weighted_event_count
from {events}
where duration_ns is not null
group by 1, 2, 3, 4, 5, 6
