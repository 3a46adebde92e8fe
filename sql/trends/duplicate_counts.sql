-- What repeats: copies that do not count, and ids under which more than one content arrived.
select
    count(*) filter (where copy_number > 1) as duplicates,
    (
        select count(*)
        from (
            select event_id
            from {repeated}
            where copy_number = 1
            group by event_id
            having count(*) > 1
        ) as conflicts
    ) as id_conflicts
from {repeated}
