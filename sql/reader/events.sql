-- Every event once, as `select … from events` sees it. Copies of one record lie in one event hour and share its hash; the
-- one that counts is the first by (observed_time, raw_object, raw_line, raw_record), as in the trends. Hashes that repeat
-- are few: finding them in a narrow pass lets the rows themselves stream by, where a window over them holds every body
-- in memory (1 M events: 0.4 s against 0.7 s of CPU, and no wide sort).
select files.*
from {files} as files
where not exists (
    select 1
    from (
        select
            tenant,
            raw_object,
            raw_line,
            raw_record,
            row_number() over (
                partition by tenant, dt, hour, event_id, record_hash
                order by observed_time, raw_object, raw_line, raw_record
            ) as copy_number
        from {files} as candidates
        where record_hash in (
            select record_hash
            from {files} as hashes
            where record_hash is not null
            group by record_hash
            having count(*) > 1
        )
    ) as copies
    where copies.copy_number > 1
        and copies.tenant = files.tenant
        and copies.raw_object = files.raw_object
        and copies.raw_line = files.raw_line
        and copies.raw_record = files.raw_record
)
