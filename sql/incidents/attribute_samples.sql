-- Attributes of a service's events in the incident: of those in {failing} (pattern_id) and of the others, {most} each, in
-- order of event ids, which is no order of time.
select
    is_failing,
    attributes
from (
    select
        f.pattern_id is not null as is_failing,
        e.attributes,
        row_number() over (
            partition by f.pattern_id is not null
            order by e.event_id, e.raw_object, e.raw_line, e.raw_record
        ) as place
    from {events} as e
    left join {failing} as f on e.pattern_id = f.pattern_id
    where e.service = {service}
        and e.time_unix_nano >= {since}
        and e.time_unix_nano < {until}
) as samples
where place <= {most}
order by is_failing, place
