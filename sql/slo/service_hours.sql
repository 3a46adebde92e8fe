-- What counts for an availability, and what of it failed, by hour: of days from {closed}, hour rows; of hours that no
-- day holds yet from {opened}, minute rows. A request failed where its event is an error: events of a severity are all
-- errors, or the errors among them are requests whose status says so.
select
    hour_time,
    environment,
    service,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(case when error_count < request_count then error_count else request_count end) as bigint)
        as failed_request_count
from (
    select hour_time, environment, service, event_count, error_count, request_count
    from {closed}
    union all
    select
        date_trunc('hour', minute_time) as hour_time, environment, service, event_count, error_count, request_count
    from {opened}
) as both_levels
group by hour_time, environment, service
order by hour_time, environment, service
