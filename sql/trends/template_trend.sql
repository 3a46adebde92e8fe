-- Every level of template_trend is this merge of rows below it: minutes of the capped measures, hours of minutes, days
-- of hours. {time} is the row's time at the wanted level and {time_name} its column.
select
    {time} as {time_name},
    environment,
    service,
    severity_number,
    pattern_id,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(bytes) as bigint) as bytes,
    cast(sum(duration_count) as bigint) as duration_count,
    cast(sum(duration_sum_ns) as decimal(38, 0)) as duration_sum_ns,
    min(duration_min_ns) as duration_min_ns,
    max(duration_max_ns) as duration_max_ns,
    cast(sum(weighted_event_count) as bigint) as weighted_event_count,
    cast(sum(weighted_error_count) as bigint) as weighted_error_count,
    cast(sum(weighted_request_count) as bigint) as weighted_request_count,
    min(first_seen_unix_nano) as first_seen_unix_nano,
    max(last_seen_unix_nano) as last_seen_unix_nano,
    min(exemplar_event_id) as exemplar_event_id
from {rows}
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
