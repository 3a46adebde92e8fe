-- Pairs of services whose failing requests share traces: {events} are events of the time around their alarms, {services}
-- the services that have one. Every request of a shop passes its gateway, so few shared traces among many say nothing.
with failing as (
    select distinct trace_id from {events} where trace_id is not null and is_error
),
touched as (
    select distinct e.trace_id, e.service
    from {events} as e
    inner join failing as f on e.trace_id = f.trace_id
    where e.service in ({services})
),
counts as (
    select service, count(*) as traces from touched group by 1
),
pairs as (
    select a.service as one, b.service as other, count(*) as shared_traces
    from touched as a
    inner join touched as b on a.trace_id = b.trace_id and a.service < b.service
    group by 1, 2
)
select p.one, p.other, p.shared_traces
from pairs as p
inner join counts as c on p.one = c.service
inner join counts as d on p.other = d.service
where p.shared_traces >= {least} and p.shared_traces * {share} >= case when c.traces < d.traces then c.traces else d.traces end
order by 1, 2
