-- Which service a host runs, if it runs one alone.
select
    host,
    min(service) as service
from {lines}
where host is not null
group by 1
having min(service) = max(service)
order by 1
