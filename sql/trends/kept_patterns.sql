-- What each (service, pattern) of a tenant's hour is counted under, by the names that services kept. The pairs with most
-- events keep their id, ties by service and id; the others are 0.
select
    tenant,
    kept_service,
    pattern_id,
    case when place <= {max_patterns} then pattern_id else 0 end as kept_pattern_id
from (
    select
        tenant,
        kept_service,
        pattern_id,
        row_number() over (partition by tenant order by event_count desc, kept_service, pattern_id) as place
    from (
        select m.tenant, s.kept_service, m.pattern_id, sum(m.event_count) as event_count
        from {measures} as m
        inner join {services} as s on m.tenant = s.tenant and m.environment = s.environment and m.service = s.service
        group by 1, 2, 3
    ) as pairs
) as ranked
