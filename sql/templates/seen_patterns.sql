-- What hours of {patterns} say together about each pattern. Merging is in any order and any number of times the same.
select
    tenant,
    service,
    pattern_id,
    min(mask) as mask,
    min(sample_min) as sample_min,
    max(sample_max) as sample_max,
    min(first_seen_unix_nano) as first_seen_unix_nano
from {patterns}
group by 1, 2, 3
