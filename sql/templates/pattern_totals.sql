-- Counts of each pattern over all time, from the levels that hold each hour once: {days} but for the days of {replaced},
-- {hours}, {minutes}. A sum is the same from whichever level it comes.
select
    tenant,
    service,
    pattern_id,
    environment,
    severity_number,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    min(first_seen_unix_nano) as first_seen_unix_nano,
    max(last_seen_unix_nano) as last_seen_unix_nano,
    min(exemplar_event_id) as exemplar_event_id
from (
    select
        d.tenant,
        d.service,
        d.pattern_id,
        d.environment,
        d.severity_number,
        d.event_count,
        d.error_count,
        d.first_seen_unix_nano,
        d.last_seen_unix_nano,
        d.exemplar_event_id
    from {days} as d
    left join {replaced} as r on d.tenant = r.tenant and d.day_time = r.day_time
    where r.tenant is null
    union all
    select
        tenant,
        service,
        pattern_id,
        environment,
        severity_number,
        event_count,
        error_count,
        first_seen_unix_nano,
        last_seen_unix_nano,
        exemplar_event_id
    from {hours}
    union all
    select
        tenant,
        service,
        pattern_id,
        environment,
        severity_number,
        event_count,
        error_count,
        first_seen_unix_nano,
        last_seen_unix_nano,
        exemplar_event_id
    from {minutes}
) as levels
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
