-- What each (environment, service) of a tenant's hour is counted under. The pairs with most events keep their names,
-- ties by name; the others are '_other'. Their environment stays where a kept pair has it, so that totals by environment
-- hold in the usual case of few environments, and the number of rows is bounded in any.
select
    tenant,
    environment,
    service,
    case when first_place <= {max_services} then environment else '_other' end as kept_environment,
    case when place <= {max_services} then service else '_other' end as kept_service
from (
    select
        tenant,
        environment,
        service,
        place,
        min(place) over (partition by tenant, environment) as first_place
    from (
        select
            tenant,
            environment,
            service,
            row_number() over (partition by tenant order by event_count desc, environment, service) as place
        from (
            select tenant, environment, service, sum(event_count) as event_count
            from {measures}
            group by 1, 2, 3
        ) as pairs
    ) as ranked
) as placed
