-- The lines of some whole traces, in order. Trace ids end in random digits, so those that are smallest from their second
-- half on are a fair sample, and always the same one. {before} and {during} bound the traces that begin before and in
-- the incident's window, which starts at {origin}; {longest} bounds the lines of one.
select
    trace_id,
    time_unix_nano,
    service,
    pattern_id,
    call_site,
    event_id
from (
    select
        l.trace_id,
        l.time_unix_nano,
        l.service,
        l.pattern_id,
        l.call_site,
        l.event_id,
        row_number() over (
            partition by l.trace_id
            order by l.time_unix_nano, l.event_id, l.service, l.pattern_id, l.call_site
        ) as place
    from {lines} as l
    inner join (
        select
            trace_id,
            row_number() over (
                partition by case when first_time < {origin} then 0 else 1 end
                order by substr(trace_id, 17), trace_id
            ) as draw,
            case when first_time < {origin} then {before} else {during} end as most
        from (
            select trace_id, min(time_unix_nano) as first_time
            from {lines}
            where trace_id is not null
            group by 1
            having count(*) > 1
        ) as traces
    ) as drawn
        on l.trace_id = drawn.trace_id
    where drawn.draw <= drawn.most
) as lines
where place <= {longest}
order by trace_id, time_unix_nano, event_id, service, pattern_id, call_site
