-- The masks of all batches together, the earliest first.
select
    pattern_id,
    any_value(mask) as mask,
    min(sample_min) as sample_min,
    max(sample_max) as sample_max
from masks
group by pattern_id
order by min(line)
limit {most}
