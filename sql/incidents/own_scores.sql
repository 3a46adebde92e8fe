-- What an alarm rule on anomalies measures in each hour: the highest score of a service's episodes, 0 where the hour was
-- judged and has none.
select
    hour_time as point_time,
    cast(max(case when state in ({flagged}) then score else 0 end) as double) as value
from anomalies
where tenant = {tenant} and service = {service} and hour_time >= {since} and hour_time < {until}
group by hour_time
order by hour_time
