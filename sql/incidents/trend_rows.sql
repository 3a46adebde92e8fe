-- What services logged before an incident and in it, by the whole minutes of {rows} that {is_read} leaves. The filled
-- text is stored with the rows: over the table service_trend_minute it gives the same again.
select
    service,
    case when minute_time < {start} then 0 else 1 end as is_incident,
    count(distinct minute_time) as minute_count,
    cast(sum(event_count) as bigint) as event_count,
    cast(sum(error_count) as bigint) as error_count,
    cast(sum(request_count) as bigint) as request_count,
    cast(sum(duration_count) as bigint) as duration_count,
    cast(sum(duration_sum_ns) as decimal(38, 0)) as duration_sum_ns,
    max(duration_max_ns) as duration_max_ns
from {rows}
where minute_time >= {since} and minute_time < {until} and service in ({services}) and {is_read}
group by service, case when minute_time < {start} then 0 else 1 end
order by service, is_incident
