{# Units of other countries and trades in those that the marts use. The factors are exact by definition. #}

{% macro fahrenheit_of_celsius(celsius) -%} ({{ celsius }}) * 9 / 5 + 32 {%- endmacro %}

{# A knot is 1,852 metres an hour, a statute mile 1,609.344 metres. #}
{% macro mph_of_knots(knots) -%} ({{ knots }}) * 1852 / 1609.344 {%- endmacro %}

{% macro mph_of_kilometres_per_hour(kilometres_per_hour) -%} ({{ kilometres_per_hour }}) * 1000 / 1609.344 {%- endmacro %}

{% macro miles_of_metres(metres) -%} ({{ metres }}) / 1609.344 {%- endmacro %}

{% macro inches_of_millimetres(millimetres) -%} ({{ millimetres }}) / 25.4 {%- endmacro %}
