-- The finest measures under the names that the cardinality caps leave.
select
    m.tenant,
    m.minute_unix_nano,
    s.kept_environment as environment,
    s.kept_service as service,
    m.severity_number,
    p.kept_pattern_id as pattern_id,
    m.event_count,
    m.error_count,
    m.request_count,
    m.bytes,
    m.duration_count,
    m.duration_sum_ns,
    m.duration_min_ns,
    m.duration_max_ns,
    m.weighted_event_count,
    m.weighted_error_count,
    m.weighted_request_count,
    m.first_seen_unix_nano,
    m.last_seen_unix_nano,
    m.exemplar_event_id
from {measures} as m
inner join {services} as s on m.tenant = s.tenant and m.environment = s.environment and m.service = s.service
inner join {patterns} as p on m.tenant = p.tenant and s.kept_service = p.kept_service and m.pattern_id = p.pattern_id
