-- Rows of `events` from the records of one object. Whatever needs a regular expression, a float, a hash, JSON or a time
-- format happens here, once, so that all later SQL is integers and equal on every engine.
select
    make_timestamp(time_unix_nano // 1000) as event_time,
    time_unix_nano,
    make_timestamp(coalesce(observed_unix_nano, {arrival_nano}) // 1000) as observed_time,
    environment,
    service,
    host,
    severity_number,
    severity_text,
    body,
    case
        when claimed_unix_nano is null then attributes
        else cast(json_merge_patch(attributes, json_object('logsight.claimed_time_unix_nano', claimed_unix_nano)) as varchar)
    end as attributes,
    resource,
    trace_id,
    span_id,
    coalesce(own_id, md5('{object_id}:' || raw_line || ':' || raw_record)) as event_id,
    record_hash,
    {pattern_id} as pattern_id,
    duration_ns,
    -- Log-linear buckets, 32 to a power of two: exact integers, no logarithm that could differ between machines.
    cast(case
        when duration_ns < 64 then duration_ns
        else (length(bin(duration_ns)) - 6) * 32 + (duration_ns >> (length(bin(duration_ns)) - 6))
    end as integer) as duration_bucket,
    coalesce(severity_number >= {error_severity}, false) or coalesce(status >= {error_status}, false) as is_error,
    is_request,
    strlen(body) as body_bytes,
    coalesce(label, case when is_redacted then 'personal' else 'none' end) as sensitivity,
    sample_weight,
    is_time_inferred as time_inferred,
    '{source}' as "source",
    '{object_id}' as raw_object,
    raw_line,
    raw_record,
    tenant,
    time_unix_nano // 3600000000000 as event_hour,
    duration is not null and duration_ns is null as is_duration_out_of_range,
    sample_weight is null as is_weight_out_of_range
from (
    select
        *,
        coalesce(nullif(facts."service.name", ''), {service}) as service,
        coalesce(nullif(facts."deployment.environment.name", ''), nullif(facts."deployment.environment", ''), {environment}) as environment,
        facts."host.name" as host,
        coalesce(try_cast(marks."http.response.status_code" as integer), try_cast(marks."http.status_code" as integer)) as status,
        {is_request} as is_request,
        coalesce(marks."data.sensitivity", marks.sensitivity) as label,
        case
            when stated_weight is null then 1
            when try_cast(stated_weight as integer) between 1 and 1000000 then try_cast(stated_weight as integer)
        end as sample_weight,
        case when duration >= 0 and duration <= 2592000000000000 then cast(round(duration) as bigint) end as duration_ns
    from (
        select
            *,
            coalesce(
                try_cast(marks.duration_ns as double),
                try_cast(marks.duration_us as double) * 1e3,
                try_cast(coalesce(marks.duration_ms, marks."durationMs", marks.latency_ms, marks.elapsed_ms, marks.response_time_ms) as double) * 1e6,
                try_cast(coalesce(marks.duration_s, marks."http.server.request.duration", marks.request_time) as double) * 1e9
            ) as duration,
            coalesce(marks."log.sample_weight", marks.sample_weight) as stated_weight
        from (
            select
                *,
                from_json(attributes, '{"http.response.status_code":"VARCHAR","http.status_code":"VARCHAR","data.sensitivity":"VARCHAR","sensitivity":"VARCHAR","log.sample_weight":"VARCHAR","sample_weight":"VARCHAR","duration_ns":"VARCHAR","duration_us":"VARCHAR","duration_ms":"VARCHAR","durationMs":"VARCHAR","latency_ms":"VARCHAR","elapsed_ms":"VARCHAR","response_time_ms":"VARCHAR","duration_s":"VARCHAR","http.server.request.duration":"VARCHAR","request_time":"VARCHAR"{request_keys}}') as marks
            from (
                select
                    * exclude (body, attributes, resource),
                    coalesce(body, '') as body,
                    coalesce(attributes, '{}') as attributes,
                    coalesce(resource, '{}') as resource
                from {records}
            ) as filled
        ) as extracted
    ) as timed
) as judged
