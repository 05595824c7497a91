{#- Extracts are as large as somebody asked for: only files that state all of something are compared with each other. -#}
{%- set comparable = [] -%}
{%- for landed in landed_entities() if landed.month %}
{%- for dataset in landed.get('states_all', {}) %}
{%- do comparable.append("'" ~ landed.source ~ '.' ~ dataset ~ "'") %}
{%- endfor %}
{%- endfor %}

with row_counts as (

    select * from {{ ref('int_months__row_counts') }}
    where {{ is_current('version_id', 'int_months__row_counts') }}

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

file_months as (

    select
        ledger.source,
        ledger.dataset,
        ledger.file_no,
        ledger.file_name,
        ledger.received_at_utc,
        ledger.source || '.' || ledger.dataset as series,
        {{ version_month('row_counts.version_id') }} as data_month,
        row_counts.rows_published + row_counts.rows_duplicate as observed
    from row_counts
    inner join ledger on ledger.file_no = row_counts.source_file_no

),

figures as (

    select * from file_months
    where series in ({{ comparable | join(', ') }})

),

expectations as (

    {{ expected_of_months_before('figures') }}

),

-- months are 28 to 31 days long, and summer has more flights: what is normal in any case is a fifth up or down
bands as (

    select
        file_months.*,
        expectations.expected,
        {{ robust_spread('expectations.median_distance', '0.05 * expectations.expected') }} as spread
    from file_months
    left join expectations
        on expectations.series = file_months.series and expectations.data_month = file_months.data_month

)

select
    source,
    dataset,
    data_month,
    file_no,
    file_name,
    received_at_utc,
    cast(observed as numeric(12, 4)) as observed,
    cast(expected as numeric(12, 4)) as expected,
    {{ expected_low('expected', 'spread', at_least_zero()[0]) }} as expected_low,
    {{ expected_high('expected', 'spread') }} as expected_high,
    {{ is_outside('observed', 'expected', 'spread') }} as is_outside
from bands
