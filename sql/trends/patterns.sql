-- The patterns of an hour under the names that the cardinality caps leave; '_other' stands for many and shows no body.
select
    tenant,
    service,
    pattern_id,
    min(smallest_body) as mask_body,
    substr(min(smallest_body), 1, 1000) as sample_min,
    max(largest_body) as sample_max,
    min(first_seen_unix_nano) as first_seen_unix_nano,
    cast(sum(event_count) as bigint) as event_count
from (
    select
        m.tenant,
        s.kept_service as service,
        p.kept_pattern_id as pattern_id,
        case when p.kept_pattern_id <> 0 then b.smallest_body end as smallest_body,
        case when p.kept_pattern_id <> 0 then b.largest_body end as largest_body,
        m.first_seen_unix_nano,
        m.event_count
    from (
        select
            tenant,
            environment,
            service,
            pattern_id,
            min(first_seen_unix_nano) as first_seen_unix_nano,
            sum(event_count) as event_count
        from {measures}
        group by 1, 2, 3, 4
    ) as m
    inner join {bodies} as b
        on m.tenant = b.tenant and m.environment = b.environment and m.service = b.service and m.pattern_id = b.pattern_id
    inner join {services} as s on m.tenant = s.tenant and m.environment = s.environment and m.service = s.service
    inner join {patterns} as p on m.tenant = p.tenant and s.kept_service = p.kept_service and m.pattern_id = p.pattern_id
) as kept
group by 1, 2, 3
order by 1, 2, 3
