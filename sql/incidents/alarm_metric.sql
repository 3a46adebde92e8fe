-- Values of an alarm's own metric, oldest first. The filled text is stored with them: over the lake's tables it gives
-- the same again.
select
    point_time,
    value
from service_metrics
where tenant = {tenant}
    and metric = {metric}
    and statistic = {statistic}
    and period_s = {period}
    and point_time >= {since}
    and point_time < {until}
order by point_time
