-- Counts of each hour by environment and service: of days from {closed}, hour rows; of hours that no day holds yet from
-- {opened}, minute rows.
select
    hour_time,
    environment,
    service,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(bytes) as bigint) as bytes,
    cast(sum(weighted_event_count) as bigint) as weighted_event_count
from (
    select
        hour_time, environment, service, event_count, error_count, request_count, bytes, weighted_event_count
    from {closed}
    union all
    select
        date_trunc('hour', minute_time) as hour_time, environment, service, event_count, error_count, request_count,
        bytes, weighted_event_count
    from {opened}
) as both_levels
group by hour_time, environment, service
order by hour_time, environment, service
