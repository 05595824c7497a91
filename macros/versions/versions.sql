{#
    Versions: how history is kept with plain, append-only SQL (docs/decisions/0003-month-versions.md).

    A slice of data is a month, a file or an edition of a registry. A version of a slice is one integer, made of the slice and
    a hash of all that it is built from: the files' content and the fingerprint of the logic. A history model holds rows by
    version_id; it inserts the versions that are not there yet and touches nothing else.

    A model becomes a history model by `meta: {history: {...}}` in its YAML:
        slice: month | file | edition
                               what a version covers; an edition is a file of a registry beside the one before it
        entity: flights        month models that read staging: whose files make up the month (int_files__releases)
        also_reads: {int_weather__records: [-1, 0, 1]}
                               month models that read other months of an input as well: how many months away they are. An
                               input that is named with 0 makes no months: weather without flights is no month of flights
        reads: release before  month models that compare a release with the one before; `edition before` likewise
    What else a version is built from is read off the graph. A month has a version for each of its releases; only the
    current one where more than one entity or month is read, for then there is no one series of releases.
#}

{# The history settings of a node, or none. #}
{% macro history_of(node) %}
    {{ return(node.config.get('meta', {}).get('history')) }}
{% endmacro %}


{# Does a model have a version for each release of a month, or for the current one alone? #}
{% macro has_all_releases(node) %}
    {% if not execute %}{{ return(true) }}{% endif %}
    {% set series = release_series(node) %}
    {{ return('current' not in series and series | length <= 1) }}
{% endmacro %}

{# The months of an input that a model reads, as months away from its own. #}
{% macro months_read(node, input) %}
    {{ return(([0] + also_read(node, input)) | unique | list) }}
{% endmacro %}

{# Is there a version for each month of an input, or are its months read beside those of others? #}
{% macro makes_months(node, input) %}
    {{ return(0 not in also_read(node, input)) }}
{% endmacro %}

{# What the setting says of an input; nothing while dbt parses, when models have no configuration yet. #}
{% macro also_read(node, input) %}
    {{ return((history_of(node) or {}).get('also_reads', {}).get(input, [])) }}
{% endmacro %}

{# The entities whose releases a model follows; `current` among them when it reads other months. #}
{% macro release_series(node) %}
    {% set settings, found = history_of(node), [] %}
    {% if settings.get('entity') %}{% do found.append(settings.entity) %}{% endif %}
    {% if settings.get('also_reads') %}{% do found.append('current') %}{% endif %}
    {% for input in lineage(node.unique_id).inputs if history_of(input).slice == 'month' %}
        {% do found.extend(release_series(input)) %}
    {% endfor %}
    {{ return(found | unique | list) }}
{% endmacro %}


{#
    The nodes above a node, on the way up to the next history model: logic is what lies between, inputs are the history
    models at the end, contents are tables whose rows count (meta: versioned_by: content).
#}
{% macro lineage(unique_id) %}
    {% set found = {'logic': [], 'inputs': [], 'contents': []} %}
    {% set todo, seen = [unique_id], {} %}
    {% set steps = todo | list %}
    {% for _ in steps %}{# a loop over a list also sees what is appended meanwhile: a step for each that is put on todo #}
        {% set uid = todo.pop() %}
        {% set node = graph.nodes.get(uid) %}
        {% if node and uid not in seen %}
            {% do seen.update({uid: true}) %}
            {% set meta = node.config.get('meta', {}) %}
            {% if uid != unique_id and history_of(node) %}
                {% do found.inputs.append(node) %}
            {% elif meta.get('versioned_by') == 'content' %}
                {% do found.contents.append(node) %}
            {% elif not meta.get('is_bookkeeping') %}
                {% do found.logic.append(node) %}
                {% do todo.extend(node.depends_on.nodes) %}
                {% do steps.extend(node.depends_on.nodes) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}


{#
    What identifies the logic of some nodes: their code and the project's macros that it calls. Comments and white space are
    no logic, configuration is not either. Not covered: variables, environment values and macros reached only at run time.
#}
{% macro fingerprint(nodes) %}
    {% set texts, todo, seen = [], [], {} %}
    {% for node in nodes %}
        {% if node.resource_type == 'seed' %}
            {% do texts.append(node.unique_id ~ node.checksum.checksum) %}
        {% else %}
            {% do texts.append(node.unique_id ~ code_without_comments(node.raw_code) ~ (tojson(node.test_metadata.kwargs, sort_keys=true) if node.test_metadata else '')) %}
            {% do todo.extend(node.depends_on.macros) %}
        {% endif %}
    {% endfor %}
    {% for uid in todo %}{# also over what is appended meanwhile #}
        {% set package, name = uid.split('.')[1], uid.split('.')[2] %}
        {% if uid not in seen and package == project_name %}
            {% do seen.update({uid: true}) %}
            {# what one engine spells differently is logic on each, so that versions have the same number on all of them #}
            {% for spelling in (name, 'default__' ~ name, 'spark__' ~ name) if spelling in context[package] %}
                {% set macro = context[package][spelling].macro %}
                {# how versions are kept is no logic of the rows #}
                {% if not macro.original_file_path.startswith('macros/versions/') %}
                    {% do texts.append(macro.unique_id ~ code_without_comments(macro.macro_sql)) %}
                    {% do todo.extend(macro.depends_on.macros) %}
                {% endif %}
            {% endfor %}
        {% endif %}
    {% endfor %}
    {{ return(local_md5(texts | unique | sort | join('\n'))) }}
{% endmacro %}


{# A `--` within quotes is no comment; white space at the ends is none of the code. #}
{% macro code_without_comments(sql) %}
    {% set without_jinja_comments = modules.re.sub("(?s)[{]#.*?#[}]", "", sql) %}
    {% set without_comments = modules.re.sub("(?m)^((?:[^'\n-]++|'[^'\n]*'|-(?!-))*+)--[^\n]*$", "\\1", without_jinja_comments) %}
    {{ return(" ".join(without_comments.split())) }}
{% endmacro %}


{# The history models of one kind of slice, inputs before those that read them. #}
{% macro history_models(slice) %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% set todo, ordered = [], [] %}
    {% for node in graph.nodes.values() | sort(attribute='unique_id') if node.resource_type == 'model' and history_of(node) and history_of(node).slice == slice %}
        {% do todo.append({'node': node, 'lineage': lineage(node.unique_id)}) %}
    {% endfor %}
    {% for _ in todo if todo | length > ordered | length %}{# each turn finds one at least #}
        {% for model in todo if model not in ordered %}
            {% set missing = [] %}
            {% for input in model.lineage.inputs if input.name not in ordered | map(attribute='node') | map(attribute='name') %}
                {% if history_of(input).slice == slice %}{% do missing.append(input.name) %}{% endif %}
            {% endfor %}
            {% if not missing %}{% do ordered.append(model) %}{% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(ordered) }}
{% endmacro %}


{#
    What each history model of files makes of each entity: (model name, entity, fingerprint). An entity counts with its own
    staging model alone, so that a change to weather leaves the files of flights alone; one of which the model reads neither that
    nor the rejects of its source does not count at all.
#}
{% macro logic_of_files() %}
    {% set rows = [] %}
    {% for history in history_models('file') %}
        {% for landed in landed_entities() %}
            {% set nodes, staging = [history.node], staging_model(landed) %}
            {% for staged in history.lineage.logic if staged.name == staging %}
                {% do nodes.extend(lineage(staged.unique_id).logic) %}
            {% endfor %}
            {% set rejects = 'source.' ~ project_name ~ '.' ~ landed.source ~ '.rejects' %}
            {% if nodes | length > 1 or rejects in history.node.depends_on.nodes %}{% do rows.append({'model_name': history.node.name, 'landed': landed, 'fingerprint': fingerprint(nodes)}) %}{% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(rows) }}
{% endmacro %}


{# The integer that names a version: the slice in front, so that ids rise with it and BRIN finds them. #}
{% macro version_id(slice_number, built_from) -%}
    ({{ slice_number }}) * 1000000000000 + {{ hash_40_bit(built_from) }} % 1000000000000
{%- endmacro %}

{% macro month_number(date) -%}
    cast(extract(year from {{ date }}) * 100 + extract(month from {{ date }}) as bigint)
{%- endmacro %}

{# The first day of the month so many months after another one; before it, when the number is negative. #}
{% macro months_after(date, months) -%}
    {{ "cast(" ~ date ~ " + interval '" ~ months ~ "' month as date)" if months else date }}
{%- endmacro %}


{# A hash of a small table's rows, for tables that are versioned by content. #}
{% macro content_hash(node) %}
    {% set relation = relation_at(node.schema, node.alias) %}
    {% if not relation_exists(relation) %}{{ return('none') }}{% endif %}
    {% set columns = adapter.get_columns_in_relation(relation) | map(attribute="name") | sort %}
    {% set row_text %}{% for column in columns %}coalesce(cast({{ column }} as {{ type_text() }}), '-'){{ " || '|' || " if not loop.last }}{% endfor %}{% endset %}
    {{ return(run_query('select md5(' ~ string_agg_ordered(row_text, ';', row_text) ~ ') from ' ~ relation).rows[0][0] | string) }}
{% endmacro %}


{# The month of a month's version, as its first day. #}
{% macro version_month(version_id) -%}
    make_date(
        cast(floor({{ version_id }} / 100000000000000) as integer),
        cast(floor({{ version_id }} / 1000000000000) as integer) % 100,
        1
    )
{%- endmacro %}
