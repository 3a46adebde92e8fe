-- Counts of each service over an hour, from {rows} by minute; examples are the first and last id, and those of errors
-- come from rows that hold nothing else.
select
    tenant,
    service,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    min(exemplar_event_id) as first_event_id,
    max(exemplar_event_id) as last_event_id,
    min(case when error_count = event_count then exemplar_event_id end) as first_error_id,
    max(case when error_count = event_count then exemplar_event_id end) as last_error_id
from {rows} as by_minute
group by tenant, service
order by tenant, service
