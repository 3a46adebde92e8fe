-- Patterns of an hour whose rows come from several objects: each pattern once. One pattern id has one mask.
select
    service,
    pattern_id,
    min(mask) as mask,
    min(sample_min) as sample_min,
    max(sample_max) as sample_max,
    min(first_seen_unix_nano) as first_seen_unix_nano,
    cast(sum(event_count) as bigint) as event_count
from {rows}
group by 1, 2
order by 1, 2
