-- Every level of service_duration is this merge of rows below it: minutes of the capped durations, hours of minutes, days
-- of hours. {time} is the row's time at the wanted level and {time_name} its column.
select
    {time} as {time_name},
    environment,
    service,
    severity_number,
    duration_bucket,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(weighted_event_count) as bigint) as weighted_event_count
from {rows}
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
