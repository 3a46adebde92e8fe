-- Distinct coarse masks of lines, each with the line where it stands first and its smallest and largest line.
select hash(mask) as key, any_value(mask) as mask, min(line) as line, min(left(body, {longest})) as sample_min, max(left(body, {longest})) as sample_max
from masked
group by hash(mask)
