with days as (

    {{ date_spine(first_day(), last_day()) }}

),

parts as (

    select
        date_day,
        {{ iso_dow('date_day') }} as iso_day_of_week
    from days

)

select
    date_day,
    cast(extract(year from date_day) as integer) as year_number,
    cast(extract(quarter from date_day) as integer) as quarter_number,
    cast(extract(month from date_day) as integer) as month_number,
    cast(date_trunc('month', date_day) as date) as month_start,
    cast(extract(day from date_day) as integer) as day_of_month,
    iso_day_of_week,
    case iso_day_of_week
        when 1 then 'Monday'
        when 2 then 'Tuesday'
        when 3 then 'Wednesday'
        when 4 then 'Thursday'
        when 5 then 'Friday'
        when 6 then 'Saturday'
        else 'Sunday'
    end as day_name,
    cast(extract(week from date_day) as integer) as iso_week,
    iso_day_of_week >= 6 as is_weekend
from parts
