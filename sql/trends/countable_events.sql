-- Events of an hour with the columns by which trends count them and tell copies: kept once, because opening and decoding
-- the many small files of late events costs as much as the aggregates themselves. One whose weight is no weight counts
-- as one.
select
    tenant,
    time_unix_nano,
    observed_time,
    coalesce(environment, '') as environment,
    service,
    coalesce(severity_number, cast(0 as tinyint)) as severity_number,
    pattern_id,
    duration_ns,
    duration_bucket,
    is_error,
    is_request,
    body_bytes,
    coalesce(sample_weight, 1) as sample_weight,
    event_id,
    record_hash,
    raw_object,
    raw_line,
    raw_record
from {events}
