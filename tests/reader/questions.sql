-- What analysts write, a question a line; see test_questions.py.
select count(*), count(distinct service), count(*) filter (where is_error) from events
select service, sum(body_bytes) as s from events group by service having sum(body_bytes) > 0 order by s desc, 1 asc nulls last
select * from events order by time_unix_nano desc limit 3 offset 1
select * from events order by all limit 50%
select distinct on (service) service, body from events order by service, time_unix_nano
select service, row_number() over (partition by service order by time_unix_nano desc) as n from events qualify n = 1 order by 1
select time_unix_nano, sum(body_bytes) over w as s from events window w as (order by time_unix_nano rows between 1 preceding and current row) order by 1
select lag(body_bytes, 1, 0) over (order by time_unix_nano) as p, lead(body) over (order by time_unix_nano) from events order by time_unix_nano
select date_trunc('hour', event_time) as h, count(*) from events group by all order by all
select time_bucket(interval '15 minutes', event_time) as b, count(*) from events group by 1 order by 1
select extract(hour from event_time) as h, date_part('dow', event_time), dayname(event_time) from events order by time_unix_nano
select event_time + interval 1 hour, event_time - interval '2' day, age(event_time, timestamp '2025-01-01') from events order by time_unix_nano
select epoch_ns(event_time), epoch_ms(event_time), strftime(event_time, '%Y-%m-%d %H:%M'), event_time::date from events order by time_unix_nano
select date_diff('minute', min(event_time), max(event_time)), max(event_time) - min(event_time) from events
select json_extract_string(attributes, '$.user') as u, attributes ->> '$.user', attributes -> '$.n', json_type(attributes) from events order by time_unix_nano
select cast(attributes ->> '$.n' as integer) + 1 as n, (attributes ->> 'n')::double / 2 from events order by time_unix_nano
select try_cast(body as integer), coalesce(host, 'none'), nullif(service, 'a'), ifnull(host, '') from events order by time_unix_nano
select case when is_error then 'bad' else 'good' end as s, case service when 'a' then 1 end, if(is_error, 1, 0) from events order by time_unix_nano
select body like '%1%', body not like 'x%', body ilike '%LINE%', body ~ 'l.ne', body similar to '.*', not is_error from events order by time_unix_nano
select regexp_extract(body, '(\d+)', 1), regexp_replace(body, '\d', '#', 'g'), regexp_matches(body, '^line') from events order by time_unix_nano
select regexp_extract_all(body, '\w'), string_split(body, ' '), split_part(body, ' ', 2), body[1:3], body[-1] from events order by time_unix_nano
select upper(body), length(body), substr(body, 2, 3), substring(body from 2 for 2), left(body, 2), trim(body), position('n' in body) from events order by time_unix_nano
select concat(service, ':', body), service || body, concat_ws('-', service, host), printf('%05d', raw_line), format('{}', body) from events order by time_unix_nano
select quantile_cont(body_bytes, 0.5), quantile_disc(body_bytes, [0.5, 0.9]), median(body_bytes), mode(service), avg(body_bytes) from events
select arg_max(body, time_unix_nano), min_by(body, time_unix_nano), any_value(tenant), bool_or(is_error) from events
select string_agg(body, ',' order by time_unix_nano desc), list(raw_line order by raw_line), array_agg(distinct service order by service) from events
select list_transform([1, 2], x -> x + 1), list_filter([1, 2, 3], lambda x: x > 1), [x * 2 for x in [1, 2] if x > 1]
select unnest([1, 2, 3]) as n, {'a': 1}.a, map {'k': 1}['k'], [1, 2][1], struct_pack(x := 1)
select histogram(service) from events
select e.body, p.service from events e join events p using (event_id) order by 1, 2
select e.body from events e left join events p on e.raw_line = p.raw_line + 1 where p.body is null order by 1
select a.raw_line, b.raw_line from events a, events b where a.raw_line < b.raw_line order by all
select a.body from events a full join events b on a.event_id = b.event_id order by 1
select a.body, b.body from events a asof join events b on a.time_unix_nano > b.time_unix_nano order by all
select body from events e where exists (select 1 from events x where x.raw_line = e.raw_line + 1) order by 1
select body from events where service in (select service from events where is_error) and raw_line not in (1) order by 1
select (select max(raw_line) from events) as m, raw_line > all (select 1) from events order by time_unix_nano
with a as (select * from events), b as (select service, count(*) n from a group by 1) select * from b join a using (service) order by all
with a(x) as materialized (select raw_line from events) select sum(x) from a
select body from events union select service from events order by 1
select raw_line from events intersect select 1 except select 2
(select 1 as a) union all (select 2) order by a desc
values (1, 'a'), (2, 'b')
from events select service, count(*) group by service order by service
from (from events) limit 0
select * exclude (body) replace (upper(service) as service) from events order by time_unix_nano
select e.* from events e order by e.time_unix_nano
select columns('raw_.*') from events order by time_unix_nano
select min(columns(*)) from events
select service, is_error, count(*) from events group by cube (service, is_error) order by all
select service, count(*), grouping(service) from events group by grouping sets ((service), ()) order by all
select service, count(*) from events group by rollup (service) order by all
select generate_series, range from generate_series(1, 3), range(3) order by all
select d::date from generate_series(timestamp '2025-06-01', timestamp '2025-06-03', interval 1 day) t(d)
select x.n, count(e.body) from range(3) x(n) left join events e on e.raw_line = x.n group by 1 order by 1
select l.w, count(*) from events, lateral (select unnest(string_split(body, ' ')) as w) l group by 1 order by 1
select 7 // 2, 7 / 2, 7 % 3, 2 ** 3, 2 ^ 3, 5 & 3, 5 | 3, 1 << 4, ~1, xor(1, 3), @(-1), -raw_line from events order by time_unix_nano
select 1 is distinct from 2, null is not distinct from null, 1 between 0 and 2, 1 in (1, 2), true and not false or false
select round(1.2345, 2), floor(1.5), ceil(1.2), abs(-1), sqrt(4), ln(1), log10(100), greatest(1, 2), least(1, 2), mod(7, 3)
select 'it''s', e'a\nb', $$x$$, 1e3, 1_000, .5, true, null
select cast('1.5' as decimal(10, 2)), '2025-06-01'::timestamp, [1]::bigint[], '{"a": 1}'::json, 'x'::varchar(3)
select md5(body), sha256(body), hash(1) is null, uuid() is null, random() < 2 from events order by time_unix_nano
select body collate nocase from events order by body collate nocase, time_unix_nano
select sum(event_count) from (select service, count(*) as event_count from events group by 1)
select count(*) from events tablesample 100%
select #1 from (select 1)
select "service", EVENTS.body from Events order by TIME_UNIX_NANO
select service as "Name with blank", 'ü' as größe from events order by time_unix_nano limit 1
select try(body::int), typeof(body) from events order by time_unix_nano
select sum(raw_line) filter (where not is_error) / nullif(count(*), 0)::double as r from events
select service, 100.0 * count(*) / sum(count(*)) over () as share from events group by service order by service
select approx_count_distinct(body) > 0, approx_quantile(body_bytes, 0.5) > 0, stddev(body_bytes), corr(raw_line, body_bytes) from events
select distinct service from events order by service
select * from events where time_unix_nano between 0 and 9223372036854775807 and dt >= '2025-06-01' and hour = '00' order by time_unix_nano
select to_json({'a': body}), json_object('k', service), row_to_json(e) is null from events e order by time_unix_nano
select url_decode('a%20b'), base64('a'::blob), encode('ä'), strip_accents('ä'), reverse('ab'), repeat('a', 3), lpad('1', 3, '0')
