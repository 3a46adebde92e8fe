-- The finest duration counts under the names that the cardinality caps leave.
select
    d.tenant,
    d.minute_unix_nano,
    s.kept_environment as environment,
    s.kept_service as service,
    d.severity_number,
    d.duration_bucket,
    d.event_count,
    d.weighted_event_count
from {durations} as d
inner join {services} as s on d.tenant = s.tenant and d.environment = s.environment and d.service = s.service
