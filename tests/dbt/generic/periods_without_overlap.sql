{#
    Of each key the periods lie one after the other, last a day or more, and only the last can be without an end. So every day finds
    one row at most. Fails with the period and the one that comes before it ends.
#}
{% test periods_without_overlap(model, key) %}

with followed as (

    select
        {{ key }},
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by {{ key }} order by valid_from, valid_to nulls last) as next_from
    from {{ model }}

)

select *
from followed
where
    valid_to <= valid_from
    or next_from < valid_to
    or (valid_to is null and next_from is not null)
    or is_current is distinct from (valid_to is null)

{% endtest %}
