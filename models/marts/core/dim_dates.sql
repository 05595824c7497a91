with days as (

    {{ date_spine(first_day(), last_day()) }}

),

near_holidays as (

    select * from {{ ref('int_dates__near_holidays') }}

),

parts as (

    select
        date_day,
        {{ iso_dow('date_day') }} as iso_day_of_week
    from days

)

select
    parts.date_day,
    cast(extract(year from parts.date_day) as integer) as year_number,
    cast(extract(quarter from parts.date_day) as integer) as quarter_number,
    cast(extract(month from parts.date_day) as integer) as month_number,
    cast(date_trunc('month', parts.date_day) as date) as month_start,
    cast(extract(day from parts.date_day) as integer) as day_of_month,
    parts.iso_day_of_week,
    case parts.iso_day_of_week
        when 1 then 'Monday'
        when 2 then 'Tuesday'
        when 3 then 'Wednesday'
        when 4 then 'Thursday'
        when 5 then 'Friday'
        when 6 then 'Saturday'
        else 'Sunday'
    end as day_name,
    cast(extract(week from parts.date_day) as integer) as iso_week,
    parts.iso_day_of_week >= 6 as is_weekend,
    coalesce(near_holidays.days_from_holiday = 0, false) as is_holiday,
    near_holidays.holiday_name,
    near_holidays.days_from_holiday
from parts
left join near_holidays on near_holidays.date_day = parts.date_day
