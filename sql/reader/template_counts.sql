-- Rows of template_trend by template: patterns of one template are one row, and a pattern that has none yet stays one
-- without a text. Labels are joined when the question is asked, so a new version of a registry re-labels all history.
select
    t.{time},
    t.environment,
    t.service,
    t.severity_number,
    coalesce(p.template_id, '') as template_id,
    max(l.template) as template,
    max(l.name) as name,
    cast(sum(t.event_count) as bigint) as event_count,
    cast(sum(t.error_count) as bigint) as error_count,
    cast(sum(t.request_count) as bigint) as request_count,
    cast(sum(t.bytes) as bigint) as bytes,
    cast(sum(t.duration_count) as bigint) as duration_count,
    cast(sum(t.duration_sum_ns) as decimal(38, 0)) as duration_sum_ns,
    min(t.duration_min_ns) as duration_min_ns,
    max(t.duration_max_ns) as duration_max_ns,
    cast(sum(t.weighted_event_count) as bigint) as weighted_event_count,
    cast(sum(t.weighted_error_count) as bigint) as weighted_error_count,
    cast(sum(t.weighted_request_count) as bigint) as weighted_request_count,
    min(t.first_seen_unix_nano) as first_seen_unix_nano,
    max(t.last_seen_unix_nano) as last_seen_unix_nano,
    min(t.exemplar_event_id) as exemplar_event_id,
    {partition}
from {rows} as t
left join {patterns} as p on t.tenant = p.tenant and t.service = p.service and t.pattern_id = p.pattern_id
left join {templates} as l on t.tenant = l.tenant and t.service = l.service and p.template_id = l.template_id
group by t.{time}, t.environment, t.service, t.severity_number, p.template_id, {partition}
