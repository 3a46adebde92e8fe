-- Lines of the flat format, one row a physical line, as DuckDB reads them. `is_plain` is true only where every part is
-- of the expected form; the other rows are nominated: Python reads those lines alone and decides.
-- read_json_objects with from_json loses no line; read_json nulls the good line behind some cut ones (DuckDB 1.5.5).
select
    raw_line,
    cast(0 as integer) as raw_record,
    case when own_id is not null then cast('0x' || left(sha1('{record_key}' || json), 15) as bigint) end as record_hash,
    tenant,
    time_unix_nano,
    observed_unix_nano,
    severity_number,
    severity_text,
    body,
    attributes,
    resource,
    facts,
    trace_id,
    span_id,
    own_id,
    coalesce(
        time_unix_nano between 946684800000000000 and 4102444800000000000
        and (raw.observedTimeUnixNano is null or observed_unix_nano between 946684800000000000 and 4102444800000000000)
        and (raw.severityNumber is null or severity_number between 1 and 24)
        and raw.body is not null
        and (attributes is null or starts_with(attributes, '{'))
        and (resource is null or starts_with(resource, '{'))
        and not regexp_matches(concat(trace_id, span_id), '[^0-9a-f]')
        and (trace_id is null or length(trace_id) = 32)
        and (span_id is null or length(span_id) = 16)
        and (own_id != '' or (own_id is null and not coalesce(contains(attributes, '"log.record.uid"'), false)))
        and case
            -- The known keys and values account for every byte, times quoted or not: another key takes five at least.
            when strlen(json) - 1
                - coalesce(strlen(raw.timeUnixNano) + 16, 0) - coalesce(strlen(raw.observedTimeUnixNano) + 24, 0)
                - coalesce(strlen(raw.severityNumber) + 18, 0) - coalesce(strlen(severity_text) + 18, 0)
                - coalesce(strlen(body) + 10, 0) - coalesce(strlen(attributes) + 14, 0)
                - coalesce(strlen(resource) + 12, 0) - coalesce(strlen(trace_id) + 13, 0)
                - coalesce(strlen(span_id) + 12, 0) - coalesce(strlen(own_id) + 14, 0)
                in (0, 2 + 2 * cast(raw.observedTimeUnixNano is not null as integer)) then true
            else len(json_keys(json)) = cast(raw.timeUnixNano is not null as integer)
                + cast(raw.observedTimeUnixNano is not null as integer) + cast(raw.severityNumber is not null as integer)
                + cast(severity_text is not null as integer) + cast(body is not null as integer)
                + cast(attributes is not null as integer) + cast(resource is not null as integer)
                + cast(trace_id is not null as integer) + cast(span_id is not null as integer)
                + cast(own_id is not null as integer)
        end,
        false
    ) as is_plain,
    false as is_redacted
from (
    select
        raw_line,
        json,
        raw,
        try_cast(raw.timeUnixNano as bigint) as time_unix_nano,
        try_cast(raw.observedTimeUnixNano as bigint) as observed_unix_nano,
        try_cast(raw.severityNumber as tinyint) as severity_number,
        raw.severityText as severity_text,
        raw.body as body,
        cast(raw.attributes as varchar) as attributes,
        cast(raw.resource as varchar) as resource,
        raw.traceId as trace_id,
        raw.spanId as span_id,
        raw.event_id as own_id,
        facts,
        {tenant} as tenant
    from (
        select
            *,
            from_json(cast(raw.resource as varchar), '{facts}') as facts
        from (
            select
                row_number() over () as raw_line,
                json,
                from_json(
                    json,
                    '{"timeUnixNano":"VARCHAR","observedTimeUnixNano":"VARCHAR","severityNumber":"VARCHAR","severityText":"VARCHAR","body":"VARCHAR","attributes":"JSON","resource":"JSON","traceId":"VARCHAR","spanId":"VARCHAR","event_id":"VARCHAR"}'
                ) as raw
            from read_json_objects(
                '{file}', format = 'newline_delimited', ignore_errors = true, maximum_object_size = {longest}
            )
        ) as lines
    ) as read
) as parts
