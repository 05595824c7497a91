"""What the models of a space ask for versions: production's, of the months that were asked for.

A version names a month, or a file, and all that it is made of. Rows of a space bear the names that production
gave: so its models find the history that production built, and what stands above finds theirs.
"""

from collections.abc import Collection, Iterable, Mapping

import psycopg2
from psycopg2 import sql

from cli.building.build_plan import MARTS, POINTER, Graph
from cli.building.build_state import Cursor
from cli.development.space.histories import NewHistory, new_histories
from cli.development.space.months import Months, is_one_of
from cli.development.space.names import Space

VERSIONS = {of: f"int_{of}s__versions" for of in ("month", "file", "edition")}
"""By the slice of a history: the model that says which versions it is to have."""

BOOKS = (*VERSIONS.values(), "int_files__current", POINTER.split(".")[-1])
"""Models of which a space has a copy that is made here; macros/versions/ asks them by their names."""

OTHER_COLUMNS = (
    "data_month, release_no, version_id, known_from_utc, known_to_utc, is_complete_month, state_id"
)
COLUMNS = sql.SQL(f"model_name, {OTHER_COLUMNS}")

AS_ANOTHER = f"""
    select {{model}} as model_name, {OTHER_COLUMNS} from marts.month_versions
    where model_name = {{like}} and ({{all_releases}} or known_to_utc is null)
"""
FILES_AS_ANOTHER = """
    select {model}, source, entity, file_no, file_id, version_id
    from intermediate.int_files__versions where model_name = {like}
"""


def keep_books(cursor: Cursor, space: Space, graph: Graph, chosen: Collection[str], months: Months) -> None:
    """Bring the space's copies of versions up to date. Commits nothing."""
    inner, of_months = space.schema("intermediate"), is_one_of("data_month", months.asked)
    news = new_histories(cursor, graph, chosen)
    versions = _united(
        sql.SQL("select {} from marts.month_versions").format(COLUMNS),
        AS_ANOTHER,
        {model: history for model, history in news.items() if history.slice == "month"},
    )
    files = _united(
        sql.SQL("select * from intermediate.int_files__versions"),
        FILES_AS_ANOTHER,
        {model: history for model, history in news.items() if history.slice == "file"},
    )
    # tests look at pending versions: those of the months of the space, whoever built them
    limited = sql.SQL("select *, {} as is_pending from ({}) as versions where {}")
    shown = sql.SQL("select * from ({}) as versions where {}")
    _fill(cursor, space.schema("marts"), BOOKS[-1], shown.format(versions, of_months))
    _fill(cursor, inner, VERSIONS["month"], limited.format(of_months, versions, _of_models(months)))
    _fill(cursor, inner, VERSIONS["file"], files)
    _fill(cursor, inner, VERSIONS["edition"], sql.SQL("select * from intermediate.int_editions__versions"))
    # of reference data, such as registries, a file is of no month, and is there for all
    files_of_months = "select * from intermediate.int_files__current where data_month is null or {}"
    current = sql.SQL(files_of_months).format(of_months)
    _fill(cursor, inner, "int_files__current", current)


def limit_marts(cursor: Cursor, space: Space, marts: Mapping[str, str], months: Months) -> None:
    """Views of production's marts, of the months asked for; `marts` names each one's column of them."""
    for mart, column in marts.items():
        names = {
            "view": sql.Identifier(space.schema("production"), mart),
            "mart": sql.Identifier(MARTS, mart),
            "of_months": is_one_of(column, months.asked),
        }
        view = sql.SQL("create or replace view {view} as select * from {mart} where {of_months}").format(
            **names
        )
        cursor.execute("savepoint limiting")
        try:  # in place, for views that stand read it
            cursor.execute(view)
        except psycopg2.Error:  # its columns are others, hence another publication, and nothing stands
            cursor.execute("rollback to savepoint limiting")
            cursor.execute(sql.SQL("drop view {view} cascade").format(**names))
            cursor.execute(view)


def forget_versions(cursor: Cursor, space: Space, models: Iterable[str]) -> None:
    """What these models held is to be built again: rows of other logic bear the same names."""
    markers = sql.Identifier(space.schema("ops"), "built_versions")
    cursor.execute("select to_regclass(%s) is not null", [f"{space.schema('ops')}.built_versions"])
    if cursor.fetchone() == (True,):
        cursor.execute(sql.SQL("delete from {} where model_name = any(%s)").format(markers), [list(models)])


def _united(published: sql.Composable, as_another: str, news: Mapping[str, NewHistory]) -> sql.Composable:
    """Published versions, and those of another model for each history that production does not know."""
    added = [
        sql.SQL(as_another).format(
            model=sql.Literal(model),
            like=sql.Literal(history.like),
            all_releases=sql.Literal(history.has_all_releases),
        )
        for model, history in news.items()
    ]
    return sql.SQL(" union all ").join([published, *added])


def _of_models(months: Months) -> sql.Composable:
    """Of what the space builds the months that it is to have, of production's histories all."""
    if not months.asked:
        return sql.SQL("true")
    built = [
        sql.SQL("(model_name = {} and {})").format(sql.Literal(model), is_one_of("data_month", wanted))
        for model, wanted in months.of_model.items()
    ]
    others = sql.SQL("model_name <> all({}::text[])").format(sql.Literal(list(months.of_model)))
    return sql.SQL(" or ").join([others, *built])


def _fill(cursor: Cursor, schema: str, table: str, rows: sql.Composable) -> None:
    """In place where its columns are the same, for views read it; plain dbt made another one."""
    names = {"table": sql.Identifier(schema, table), "rows": rows}
    cursor.execute("savepoint filling")
    try:
        cursor.execute(
            sql.SQL("create table if not exists {table} as select * from ({rows}) as rows limit 0").format(
                **names
            )
        )
        cursor.execute(sql.SQL("truncate {table}").format(**names))
        cursor.execute(sql.SQL("insert into {table} {rows}").format(**names))
    except psycopg2.Error:
        cursor.execute("rollback to savepoint filling")
        cursor.execute(
            "select relkind = 'v' from pg_class where oid = to_regclass(%s)", [f"{schema}.{table}"]
        )
        kind = "view" if cursor.fetchone() == (True,) else "table"
        cursor.execute(sql.SQL(f"drop {kind} if exists {{table}} cascade").format(**names))
        cursor.execute(sql.SQL("create table {table} as {rows}").format(**names))
    cursor.execute(sql.SQL("analyze {table}").format(**names))
