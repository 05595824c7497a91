{#
    How far a file is believed (docs/decisions/0011-files-that-are-held.md): the shares beyond which it is held until somebody decides.
        largest_rejected_share   of its records, those that do not cast
        least_share_of_rows      of the rows of the older file that it would supersede, those that it has to have
#}
{% macro largest_rejected_share() %}{{ return(0.125) }}{% endmacro %}

{% macro least_share_of_rows() %}{{ return(0.95) }}{% endmacro %}


{# Does a file count, as the newest decision on it or, without one, what speaks against it says? #}
{% macro is_counted(verdict, has_objection) -%}
    coalesce({{ verdict }} = 'accept', not {{ has_objection }})
{%- endmacro %}


{# A file that is older than another of its series: by the day that both speak of where they do, else as they came. #}
{% macro is_older(one, other) -%}
    (
        {{ one }}.edition_date < {{ other }}.edition_date
        or ({{ one }}.edition_date is not distinct from {{ other }}.edition_date and {{ one }}.file_no < {{ other }}.file_no)
    )
{%- endmacro %}


{# What speaks against a file, in words; reads a row of int_files__objections. #}
{% macro words_of_objection() -%}
    case lacking
        when 'value' then missing || ' of ' || stated_before || ' records do not cast, one since ' || examples
        when 'key' then 'its flights cannot be matched with those of file ' || older_file_no || ': ' || examples
        when 'row' then stated_before - missing || ' rows, file ' || older_file_no || ' has ' || stated_before
        else missing || ' of ' || stated_before || ' ' || lacking || 's of file ' || older_file_no || ' are missing, such as ' || examples
    end
{%- endmacro %}
