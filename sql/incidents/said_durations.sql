-- How long lines say that something took: in a field, else in their text. {timed} are the patterns whose texts may say it
-- (service, pattern_id, every_before, every_during: of so many of its events one is looked at), {said} reads number and
-- unit there (see said_durations.py). Durations are counted by slice of time since {origin}, in the buckets of
-- trends/histogram.py, each with one event.
select
    service,
    pattern_id,
    call_site,
    slice_start,
    coalesce(duration_bucket, cast(case
        when duration_ns < 64 then duration_ns
        else (length(bin(duration_ns)) - 6) * 32 + (duration_ns >> (length(bin(duration_ns)) - 6))
    end as integer)) as duration_bucket,
    count(*) as event_count,
    min(event_id) as event_id,
    arg_min(time_unix_nano, (event_id, time_unix_nano)) as time_unix_nano
from (
    select
        * exclude (number, unit),
        -- A number without a unit grows as well as one with it. Nothing took longer than 30 days.
        cast(round(least(try_cast(number as double) * case
            when unit = 'ns' then 1
            when unit in ('us', 'µs', 'μs') then 1e3
            when unit like 's%' then 1e9
            else 1e6
        end, 2592e12)) as bigint) as duration_ns
    from (
        select
            * exclude (said),
            coalesce(nullif(said.keyed_number, ''), said.bare_number) as number,
            lower(coalesce(nullif(said.keyed_unit, ''), nullif(said.key_unit, ''), said.bare_unit)) as unit
        from (
            select
                e.service,
                e.pattern_id,
                e.call_site,
                e.event_id,
                e.time_unix_nano,
                e.duration_bucket,
                (e.time_unix_nano - {origin}) - ((e.time_unix_nano - {origin}) % {slice_ns} + {slice_ns}) % {slice_ns} as slice_start,
                case when e.duration_bucket is null then {said} end as said
            from {events} as e
            left join {timed} as t
                on e.service = t.service
                and e.pattern_id = t.pattern_id
            -- Chosen by place and time, multiplied so that no period of either is met: a hash that is equal everywhere.
            where (cast(e.raw_line as bigint) + e.time_unix_nano // 1000 % 1000003) * 40503 % 65536 // 16
                % case when e.time_unix_nano < {origin} then t.every_before else t.every_during end = 0
                or (t.pattern_id is null and e.duration_bucket is not null)
        ) as lines
    ) as numbers
) as durations
where duration_bucket is not null or duration_ns is not null
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
