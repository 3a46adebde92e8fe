-- Counts by slice (a set of hours: {slices}), service and pattern, from hour rows of {closed} and minute rows of {opened}.
-- Pattern 0 is what lies beyond the cardinality cap: nobody can say what it is, so it can be neither new nor gone.
select
    slices.slice,
    by_hour.service,
    by_hour.pattern_id,
    cast(sum(by_hour.event_count) as bigint) as event_count,
    cast(sum(by_hour.error_count) as bigint) as error_count,
    min(by_hour.first_seen_unix_nano) as first_seen_unix_nano,
    max(by_hour.last_seen_unix_nano) as last_seen_unix_nano
from (
    select hour_time, service, pattern_id, event_count, error_count, first_seen_unix_nano, last_seen_unix_nano
    from {closed}
    union all
    select
        date_trunc('hour', minute_time) as hour_time, service, pattern_id, event_count, error_count,
        first_seen_unix_nano, last_seen_unix_nano
    from {opened}
) as by_hour
inner join {slices} as slices on by_hour.hour_time = slices.hour_time
where by_hour.pattern_id <> 0
group by slices.slice, by_hour.service, by_hour.pattern_id
order by slices.slice, by_hour.service, by_hour.pattern_id
