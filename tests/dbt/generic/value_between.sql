{# A number lies within bounds, both included; a missing value passes. Fails with the whole row. #}
{% test value_between(model, column_name, at_least, at_most) %}

select *
from {{ model }}
where {{ column_name }} < {{ at_least }} or {{ column_name }} > {{ at_most }}

{% endtest %}
