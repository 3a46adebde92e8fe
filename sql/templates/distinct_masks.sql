-- Distinct coarse masks of some lines of text files, each with its smallest and largest line and the numbers of all its
-- lines. Lines that are equal but for their digits are masked once: of most logs few are left, and grouping a line costs
-- less than masking it. Texts are grouped as they are: of 200,000 that are much alike two had one `hash`.
with likes as (
    select folded, min(body) as smallest, max(body) as largest, list(line) as lines
    from batch
    group by folded
),

masked as (
    select
        mask,
        left(min(smallest), {longest}) as sample_min,
        left(max(largest), {longest}) as sample_max,
        flatten(list(lines)) as lines
    from (select {mask} as mask, smallest, largest, lines from likes) as replaced
    group by mask
)

select {pattern_id} as pattern_id, mask, sample_min, sample_max, lines from masked
