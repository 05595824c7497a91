{# Relations that no ref() names: where they are, and whether they are there. #}

{# A relation by its schema; Spark knows no database beside it. #}
{% macro relation_at(schema, identifier) %}
    {{ return(api.Relation.create(database=target.database or none, schema=schema, identifier=identifier)) }}
{% endmacro %}


{#
    Not adapter.get_relation: for a schema outside the graph it can say none for a table that exists. With --no-introspect, where
    nobody is asked, nothing exists.
#}
{% macro relation_exists(relation) %}{{ return(flags.INTROSPECT and adapter.dispatch('relation_exists')(relation)) }}{% endmacro %}

{% macro default__relation_exists(relation) %}
    {{ return(run_query("select to_regclass('" ~ relation.schema ~ "." ~ relation.identifier ~ "') is not null").rows[0][0]) }}
{% endmacro %}

{% macro spark__relation_exists(relation) %}
    {% if not adapter.check_schema_exists(none, relation.schema) %}{{ return(false) }}{% endif %}
    {{ return(run_query("show tables in " ~ relation.schema ~ " like '" ~ relation.identifier ~ "'").rows | length > 0) }}
{% endmacro %}
