{#
    The grain of a model: no two rows share these columns. A null counts as a value. Fails with one row per repeated key and
    how often it stands there.
#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as repeated
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
