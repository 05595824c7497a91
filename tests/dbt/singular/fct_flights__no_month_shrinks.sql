{{ config(severity='warn', meta={'owner': 'Warehouse', 'until': '2027-06-30'}) }}
-- The newest release of a month counts, also when it is small; one that has less than half of the flights that readers see is
-- a truncated file sooner than a correction. Look at it before somebody asks.
{%- set published = published_month_versions() if execute %}

with flights_by_version as (

    select
        version_id,
        sum(flights) as flights
    from {{ ref('int_performance__carrier_months') }}
    group by version_id

),

versions as (

    select * from {{ ref('int_months__versions') }}
    where model_name = 'int_performance__carrier_months' and known_to_utc is null and is_pending

),

published as (

    select * from {{ published or ref('int_months__versions') }}
    where model_name = 'int_performance__carrier_months' and known_to_utc is null

)

select
    versions.data_month,
    published_flights.flights as flights_that_readers_see,
    coalesce(new_flights.flights, 0) as flights_of_the_new_release
from versions
inner join published on published.data_month = versions.data_month
inner join flights_by_version as published_flights on published_flights.version_id = published.version_id
left join flights_by_version as new_flights on new_flights.version_id = versions.version_id
where coalesce(new_flights.flights, 0) < 0.5 * published_flights.flights
