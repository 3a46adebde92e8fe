-- What an alarm rule on silence measures at the end of each period of {minutes}: minutes since the last event. A period
-- before which nothing was heard has no row.
select
    periods.point_time,
    (epoch_ns(periods.point_time + {minutes}) - max(heard.last_seen_unix_nano)) / 60e9 as value
from (select unnest(generate_series({since}, {until} - {minutes}, {minutes})) as point_time) as periods
inner join (
    select minute_time, max(last_seen_unix_nano) as last_seen_unix_nano
    from service_trend_minute
    where tenant = {tenant}
        and service = {service}
        and {environment}
        and minute_time >= {since}
        and minute_time < {until}
    group by minute_time
) as heard on heard.minute_time < periods.point_time + {minutes}
group by periods.point_time
order by periods.point_time
