-- Counts of each service by minute, from {rows}: {environment} chooses one environment, or is null for all together.
-- A request failed where its event is an error: events of a severity are all errors, or the errors among them are
-- requests whose status says so.
select
    tenant,
    service,
    minute_time,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(case when error_count < request_count then error_count else request_count end) as bigint)
        as failed_request_count,
    max(last_seen_unix_nano) as last_seen_unix_nano
from {rows} as by_minute
where {environment} is null or environment = {environment}
group by tenant, service, minute_time
order by tenant, service, minute_time
