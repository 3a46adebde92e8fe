-- Records in which a time is missing or lies beyond the hour after the arrival hour. A missing time becomes that of the
-- record before it in the object, else the arrival hour's start; a time from the future counts in its arrival hour and
-- is kept as what the record claimed.
select
    * exclude (time_unix_nano, usable_unix_nano),
    case
        when usable_unix_nano is not null then usable_unix_nano
        when time_unix_nano is not null then {arrival_nano}
        else coalesce(
            last_value(usable_unix_nano ignore nulls) over (
                order by raw_line, raw_record rows between unbounded preceding and current row
            ),
            {arrival_nano}
        )
    end as time_unix_nano,
    usable_unix_nano is null as is_time_inferred,
    case when usable_unix_nano is null then time_unix_nano end as claimed_unix_nano
from (
    select
        *,
        case when time_unix_nano < {arrival_nano} + 7200000000000 then time_unix_nano end as usable_unix_nano
    from {records}
) as dated
