-- What each release of some months changed (cli/questions/restated.py): one row for each thing that is another one than in the release
-- before. `months` are the months; where it is null, all months are asked for their sums alone. What stands in braces are lists of columns.

with releases as (
    select
        case model_name when 'int_flights__records' then 'flights' else 'delay_causes' end as entity,
        data_month, release_no, known_from_utc, known_to_utc,
        release_no = max(release_no) over (partition by model_name, data_month) as is_last
    from marts.month_versions
    where model_name in ('int_flights__records', 'int_delays__records')
        and (%(months)s::date[] is null or data_month = any (%(months)s))
),

versions as (
    select * from marts.fct_flight_versions
    where flight_month = any (%(months)s)
),

-- a flight of two releases on end that says something else in each, or stands in one of them
flights as (
    select
        releases.data_month,
        releases.release_no,
        coalesce(after.carrier_code, before.carrier_code) as carrier_code,
        coalesce(after.origin_airport_code_iata, before.origin_airport_code_iata) as origin,
        coalesce(after.destination_airport_code_iata, before.destination_airport_code_iata) as destination,
        coalesce(after.flight_key, before.flight_key) as flight_key,
        concat_ws(
            ' ',
            coalesce(after.carrier_code, before.carrier_code),
            coalesce(after.flight_number, before.flight_number),
            coalesce(after.flight_date_local, before.flight_date_local),
            coalesce(after.origin_airport_code_iata, before.origin_airport_code_iata) || '-'
            || coalesce(after.destination_airport_code_iata, before.destination_airport_code_iata)
        ) as flight,
        case
            when before.flight_key is null then 'added'
            when after.flight_key is null then 'withdrawn'
            else 'changed'
        end as change,
        array[{texts_before}] as values_before,
        array[{texts_after}] as values_after
    from versions as before
    full join versions as after
        on after.flight_month = before.flight_month
        and after.flight_key = before.flight_key
        and after.release_no = before.release_no + 1
    inner join releases
        on releases.entity = 'flights'
        and releases.data_month = coalesce(after.flight_month, before.flight_month)
        and releases.release_no = coalesce(after.release_no, before.release_no + 1)
    where releases.release_no > 1
        and (
            before.flight_key is null
            or after.flight_key is null
            or ({facts_before}) is distinct from ({facts_after})
        )
),

-- cells of marts by month, of each release
groups as (
    select 'agg_carrier_month' as mart, flight_month as data_month, release_no, carrier_code as subject, {sums}
    from versions
    group by flight_month, release_no, carrier_code
    union all
    select 'agg_airport_month' as mart, flight_month, release_no, 'departures of ' || origin_airport_code_iata, {sums}
    from versions
    group by flight_month, release_no, origin_airport_code_iata
    union all
    select 'agg_airport_month' as mart, flight_month, release_no, 'arrivals of ' || destination_airport_code_iata, {sums}
    from versions
    group by flight_month, release_no, destination_airport_code_iata
),

ranked as (
    select
        *,
        case when mart = 'agg_carrier_month' and on_time_pct is not null then
            rank() over (partition by mart, data_month, release_no order by on_time_pct desc nulls last)
        end as on_time_rank
    from groups
),

cells as (
    select 'flights' as entity, ranked.mart, ranked.data_month, ranked.release_no, ranked.subject, cell.measure, cell.value
    from ranked
    cross join lateral (
        values
        ('flights', ranked.flights::numeric),
        ('cancelled', ranked.cancelled::numeric),
        ('diverted', ranked.diverted::numeric),
        ('on_time', ranked.on_time::numeric),
        ('on_time_pct', ranked.on_time_pct),
        ('mean_arr_delay_minutes', ranked.mean_arr_delay_minutes),
        ('on_time_rank', ranked.on_time_rank::numeric)
    ) as cell (measure, value)
    union all
    select
        'delay_causes', 'fct_delay_cause_versions', totals.data_month, totals.release_no,
        totals.carrier_code || ' to ' || totals.airport_code_iata, cell.measure, cell.value
    from marts.fct_delay_cause_versions as totals
    cross join lateral (values {totals}) as cell (measure, value)
    where totals.data_month = any (%(months)s)
),

changed_cells as (
    select
        releases.entity,
        releases.data_month,
        releases.release_no,
        coalesce(after.mart, before.mart) as mart,
        coalesce(after.subject, before.subject) as subject,
        coalesce(after.measure, before.measure) as measure,
        before.value as value_before,
        after.value as value_after
    from cells as before
    full join cells as after
        on after.data_month = before.data_month and after.release_no = before.release_no + 1
        and after.mart = before.mart and after.subject = before.subject and after.measure = before.measure
    inner join releases
        on releases.entity = coalesce(after.entity, before.entity)
        and releases.data_month = coalesce(after.data_month, before.data_month)
        and releases.release_no = coalesce(after.release_no, before.release_no + 1)
    where releases.release_no > 1 and before.value is distinct from after.value
),

flights_of_cells as (
    select data_month, release_no, mart, subject, count(*) as flights
    from flights
    cross join lateral (
        values
        ('agg_carrier_month', carrier_code),
        ('agg_airport_month', 'departures of ' || origin),
        ('agg_airport_month', 'arrivals of ' || destination)
    ) as cell (mart, subject)
    group by data_month, release_no, mart, subject
),

first_flights as (
    select *, row_number() over (partition by data_month, release_no, change order by flight, flight_key) as place
    from flights
),

changes as (
    select
        entity, data_month, release_no, 1 as part, 'month' as kind, cast(null as text) as mart, entity as subject, measure,
        value_before::text, coalesce(value_after, difference)::text as value_after, cast(null as bigint) as flights
    from marts.audit_restatements
    where %(months)s::date[] is null or data_month = any (%(months)s)
    union all
    -- the files of the last release were rejected, and no other is left
    select entity, data_month, release_no + 1, 1, 'month', null, entity, 'withdrawn', null, 'no file is left', null
    from releases
    where is_last and known_to_utc is not null
    union all
    select
        entity, data_month, release_no, case measure when 'on_time_rank' then 2 else 3 end,
        case measure when 'on_time_rank' then 'rank' else 'cell' end, mart, subject, measure, value_before::text, value_after::text,
        flights_of_cells.flights
    from changed_cells
    left join flights_of_cells using (data_month, release_no, mart, subject)
    union all
    select
        'flights', data_month, release_no, 4, change || ' flight', 'fct_flight_versions', flight, fact.name, fact.before, fact.after, null
    from first_flights
    cross join lateral (
        select name, before, after
        from unnest(array[{names}], values_before, values_after) as stated (name, before, after)
        where change = 'changed' and before is distinct from after
        union all
        select null, null, null
        where change <> 'changed'
    ) as fact
    where place <= %(flights)s
)

select
    changes.entity,
    changes.data_month,
    changes.release_no,
    coalesce(release.known_from_utc, before.known_to_utc) as known_from_utc,
    changes.kind,
    changes.mart,
    changes.subject,
    changes.measure,
    changes.value_before,
    changes.value_after,
    changes.flights
from changes
left join releases as release using (entity, data_month, release_no)
left join releases as before
    on before.entity = changes.entity and before.data_month = changes.data_month and before.release_no = changes.release_no - 1
order by
    changes.data_month, changes.entity desc, changes.release_no, changes.part, changes.kind, changes.flights desc nulls last,
    changes.mart, changes.subject, changes.measure
