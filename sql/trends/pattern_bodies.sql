-- Smallest and largest body of each environment, service and pattern, over all copies: a copy's body is its original's.
-- 2,049 characters hold all that a mask is made of; a prefix keeps the order, so cutting first is the same and cheaper.
select
    tenant,
    coalesce(environment, '') as environment,
    service,
    pattern_id,
    min(substr(body, 1, 2049)) as smallest_body,
    max(substr(body, 1, 1000)) as largest_body
from {events}
group by 1, 2, 3, 4
