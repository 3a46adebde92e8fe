-- What an alarm rule on counts measures in each period of {minutes}: {measure}, where at least {least} events are
-- there. A period without any event has no row.
select
    time_bucket({minutes}, minute_time) as point_time,
    cast({measure} as double) as value
from service_trend_minute
where tenant = {tenant}
    and service = {service}
    and {environment}
    and minute_time >= {since}
    and minute_time < {until}
group by 1
having sum(event_count) >= {least}
order by 1
