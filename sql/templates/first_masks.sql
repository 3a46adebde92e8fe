-- The masks of all batches together, the earliest first.
select
    key,
    any_value(mask) as mask,
    min(line) as line,
    min(sample_min) as sample_min,
    max(sample_max) as sample_max,
    {pattern_id} as pattern_id
from masks
group by key
order by line
limit {most}
