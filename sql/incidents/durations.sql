-- How many events of a service took how long (logarithmic buckets), before the incident's window and in it.
select
    service,
    case when time_unix_nano < {origin} then 0 else 1 end as is_incident,
    duration_bucket,
    count(*) as event_count
from {lines}
where duration_bucket is not null
group by 1, 2, 3
order by 1, 2, 3
