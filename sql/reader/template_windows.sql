-- How often each template came in a window ($since to before $until) and in the time before it (from $start on), by whole
-- minutes; $service is one service, or null for all.
select
    tenant,
    service,
    template_id,
    coalesce(max(name), max(template), '') as template,
    cast(coalesce(sum(case when minute_time < cast($since as timestamp) then event_count end), 0) as bigint)
        as before_count,
    cast(coalesce(sum(case when minute_time >= cast($since as timestamp) then event_count end), 0) as bigint)
        as after_count
from template_counts_minute
where minute_time >= cast($start as timestamp)
    and minute_time < cast($until as timestamp)
    and ($service is null or service = $service)
group by tenant, service, template_id
order by tenant, service, template_id
