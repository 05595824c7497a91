with holidays as (

    select * from {{ ref('us_holidays') }}

),

-- each holiday once for every day around it
around_holidays as (

    select
        holidays.holiday_date + distance.days as date_day,
        holidays.holiday_name,
        distance.days as days_from_holiday
    from holidays
    cross join (values (-3), (-2), (-1), (0), (1), (2), (3)) as distance (days)

),

-- between Christmas and New Year the nearer one counts, of two as near the one to come
ranked as (

    select
        *,
        row_number() over (partition by date_day order by abs(days_from_holiday) asc, days_from_holiday asc) as choice
    from around_holidays

)

select
    date_day,
    holiday_name,
    days_from_holiday
from ranked
where choice = 1
