-- Records that a format in Python has read, one row a record, already of the right types and in the right tenant.
select
    cast(r.l as bigint) as raw_line,
    cast(r.i as integer) as raw_record,
    r.h as record_hash,
    r.n as tenant,
    r.t as time_unix_nano,
    r.o as observed_unix_nano,
    r.s as severity_number,
    r.x as severity_text,
    r.b as body,
    cast(r.a as varchar) as attributes,
    cast(r.r as varchar) as resource,
    from_json(coalesce(cast(r.r as varchar), '{}'), '{facts}') as facts,
    r.trace as trace_id,
    r.span as span_id,
    r.e as own_id,
    true as is_plain,
    false as is_redacted
from (
    select from_json(
        json,
        '{"l":"BIGINT","i":"BIGINT","h":"BIGINT","n":"VARCHAR","t":"BIGINT","o":"BIGINT","s":"TINYINT","x":"VARCHAR","b":"VARCHAR","a":"JSON","r":"JSON","trace":"VARCHAR","span":"VARCHAR","e":"VARCHAR"}'
    ) as r
    from read_json_objects('{file}', format = 'newline_delimited', maximum_object_size = {longest})
) as records
