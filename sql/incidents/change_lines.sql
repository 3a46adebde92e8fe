-- Lines that tell a change by a rule: {events} are events of some hours, {pattern} the rule's expression. The rule's
-- named groups are read from the bodies by who asks.
select
    time_unix_nano,
    environment,
    service,
    event_id,
    substr(body, 1, 4000) as body
from {events}
where time_unix_nano >= {since}
    and time_unix_nano < {until}
    and ({service} is null or service = {service})
    and regexp_matches(body, {pattern})
order by time_unix_nano, event_id, raw_object, raw_line, raw_record
limit {most}
