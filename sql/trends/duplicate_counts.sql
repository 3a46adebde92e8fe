-- What repeats in each tenant: copies that do not count, and ids under which more than one content arrived.
select
    tenant,
    cast(sum(copies) as bigint) as duplicates,
    count(*) filter (where contents > 1) as id_conflicts
from (
    select
        tenant,
        event_id,
        count(*) filter (where copy_number > 1) as copies,
        count(*) filter (where copy_number = 1) as contents
    from {repeated}
    group by 1, 2
) as ids
group by 1
