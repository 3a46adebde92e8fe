-- What these patterns stand for: {pattern_ids} is a list of ids.
select service, pattern_id, min(mask) as mask
from patterns
where pattern_id in ({pattern_ids})
group by service, pattern_id
order by service, pattern_id
