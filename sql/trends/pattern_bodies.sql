-- Smallest and largest body of each environment, service and pattern, over all copies: a copy's body is its original's.
-- 2,049 characters hold all that a mask is made of; a prefix keeps the order, so cutting first is the same and bounds
-- what an aggregate holds. Most bodies are short in bytes already: cutting those too cost a third of this query.
select
    tenant,
    coalesce(environment, '') as environment,
    service,
    pattern_id,
    min(case when body_bytes <= 2049 then body else substr(body, 1, 2049) end) as smallest_body,
    max(case when body_bytes <= 1000 then body else substr(body, 1, 1000) end) as largest_body,
    count(*) as copies
from {events}
group by 1, 2, 3, 4
