-- Counts of each pattern over an hour, from {rows} by minute.
select
    tenant,
    service,
    pattern_id,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    min(exemplar_event_id) as first_event_id,
    max(exemplar_event_id) as last_event_id
from {rows} as by_minute
group by tenant, service, pattern_id
order by tenant, service, pattern_id
