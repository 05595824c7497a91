{# How good predictions were (audit_model_month). analyses/delay_model/evaluate.py says the same in Python, and a test compares them. #}

{# Parts of equally many flights, and bands of equally many percent, into which predictions are divided. #}
{% macro prediction_parts() %}{{ return(10) }}{% endmacro %}


{#
    Which of the parts a prediction is in, by its rank among the predictions of the same month (1 is the least likely, equals share the
    first rank). Whole numbers alone: a quotient could be rounded up to the next part.
#}
{% macro prediction_part(rank, flights) -%}
    {%- set tenfold = "(" ~ rank ~ " - 1) * " ~ prediction_parts() -%}
    cast(({{ tenfold }} - ({{ tenfold }}) % {{ flights }}) / {{ flights }} as integer)
{%- endmacro %}


{# What it costs to have said a probability when the flight was late, or was not; of what was held for impossible not without end. #}
{% macro log_loss(probability, is_late) -%}
    -ln(greatest(case when {{ is_late }} then {{ probability }} else 1 - {{ probability }} end, 1e-15))
{%- endmacro %}


{# The shares of predictions in each band of ten percent, as columns; half a prediction more in each, so that none is empty. #}
{% macro shares_of_bands(probability) -%}
    {%- set last = prediction_parts() - 1 -%}
    {%- for band in range(prediction_parts()) %}
    {%- set is_in_band = "least(floor(" ~ probability ~ " * " ~ prediction_parts() ~ "), " ~ last ~ ") = " ~ band %}
    (cast(count(*) filter (where {{ is_in_band }}) as {{ type_double() }}) + 0.5) / (count(*) + 0.5 * {{ prediction_parts() }})
        as band_{{ band }}{{ ',' if band < last }}
    {%- endfor %}
{%- endmacro %}


{#
    The population stability index of a month's shares, a relation of months with such columns: how far they are from those of the months
    that the same version of the model learned from, on average of these. 0 where it says the same; null where nothing tells of them.
#}
{% macro stability_index(months) -%}
    {%- for band in range(prediction_parts()) -%}
    {%- set now = months ~ ".band_" ~ band -%}
    {%- set before -%}
    avg(case when {{ months }}.is_training_month then {{ now }} end) over (partition by {{ months }}.model_version)
    {%- endset %}
    {{ '+ ' if band }}({{ now }} - {{ before }}) * ln({{ now }} / {{ before }})
    {%- endfor %}
{%- endmacro %}
