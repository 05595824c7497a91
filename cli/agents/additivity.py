"""Which figures of groups cannot be added up or averaged, and whether a statement does so all the same.

    refuse_what_cannot_be_added("select sum(m) from (select on_time_pct as m from marts.agg_month) as t")

What a column is, the measures of `ontime explain`, its unit and its name say; where a value comes from, the
parsed statement: aliases, subqueries, common table expressions, `select *` and set operations are followed to
the columns of marts. A mean or a percentile that the statement computes itself counts like one of a mart.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from cli.questions.contracts import contracts
from cli.questions.explain.measures import MEAN, MEASURES, MIDDLE, RANK, SHARE
from cli.questions.units import unit_of
from ingestion.errors import OntimeError

BY_NAME = (
    (r"(^|_)(median|p[0-9]{1,2}|percentile)_", MIDDLE),
    (r"(^|_)(mean|avg)_", MEAN),
    (r"_rank$", RANK),
)
"""What columns are called that no measure of explain knows."""

BY_UNIT = {
    "percent": SHARE,
    "flights a day": MEAN,
    "of its measure": "a figure of whatever its row measures, shares and means among them",
}

NO_SHARES = ("relative_humidity_pct",)
"""How columns end that are in percent and are no share of flights."""

OF_GROUPS = ("agg_", "kpi_")
"""Marts whose rows are of groups of flights: a quotient of their columns is a share of a group."""

MIDDLES = (
    exp.WithinGroup,
    exp.PercentileCont,
    exp.PercentileDisc,
    exp.Median,
    exp.Quantile,
    exp.ApproxQuantile,
)
PLACES = {"rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "row_number"}
NO_VALUES = (exp.Predicate, exp.Connector, exp.Not, exp.Count)
"""Expressions that say something about a value and do not hand it on."""


@dataclass(frozen=True)
class Found:
    """A value that cannot be added: where it is from, and what it is."""

    origin: str
    why: str


def why_not_added(mart: str, column: str) -> str:
    """What a column of a mart is that it cannot be added up over rows; empty where it can."""
    contract = contracts().get(mart)
    known = next((it for it in contract.columns if it.name == column), None) if contract else None
    if contract and known is None:
        return ""
    measure = MEASURES.get(column)
    if measure is not None:
        return measure.why_not_added
    if column.endswith(NO_SHARES):
        return ""
    unit = known.unit if known else unit_of(column, "numeric")
    return BY_UNIT.get(unit) or next((why for pattern, why in BY_NAME if re.search(pattern, column)), "")


def refuse_what_cannot_be_added(statement: str) -> None:
    """Raises OntimeError for sums and means of medians, means, shares and ranks."""
    try:
        parsed = sqlglot.parse_one(statement, dialect="postgres")
    except SqlglotError:
        return  # Postgres says what is wrong, and where
    if not isinstance(parsed, exp.Query):
        return  # and that it is no question
    found = next(_violations(parsed), None)
    if found:
        raise OntimeError(
            f"{found.origin} cannot be added up or averaged over groups: it is {found.why}",
            "compute it from marts.fct_flights, such as percentile_cont(0.5) within group (order by"
            " arr_delay_minutes), or divide sums of counts",
        )


def _violations(parsed: exp.Query) -> Iterator[Found]:
    try:
        columns = {name: {it.name: it.data_type for it in one.columns} for name, one in contracts().items()}
        traced = qualify(
            parsed.copy(),
            schema={"marts": columns},
            dialect="postgres",
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        scopes = traverse_scope(traced)
    except (SqlglotError, RecursionError):
        yield from _by_names(parsed)
        return
    for scope in scopes:
        for added in scope.find_all(exp.Sum, exp.Avg, exp.WithinGroup, exp.Add):
            if isinstance(added, exp.Add):
                yield from _added_by_hand(added, scope)
            elif isinstance(added, exp.WithinGroup):
                for ordered in added.find_all(exp.Ordered):
                    found = _found(ordered.this, scope, frozenset())
                    if found and found.why == MIDDLE:
                        yield found
            else:
                found = _found(added.this, scope, frozenset()) or _by_key(added)
                if found:
                    yield found


def _added_by_hand(added: exp.Add, scope: Scope) -> Iterator[Found]:
    """The same figure of two rows, as of two scalar subqueries."""
    left, right = (_found(side, scope, frozenset()) for side in (added.this, added.expression))
    if left and right and left.origin == right.origin:
        yield left


def _by_names(parsed: exp.Expr) -> Iterator[Found]:
    """Of a statement whose columns cannot be followed: what the names of all that is added say."""
    for added in parsed.find_all(exp.Sum, exp.Avg):
        for column in added.find_all(exp.Column):
            if why := why_not_added("", column.name.lower()):
                yield Found(column.name, why)


def _by_key(added: exp.Expr) -> Found | None:
    """A figure that is taken out of a whole row by its name: `to_jsonb(t) ->> 'on_time_pct'`."""
    keys = [
        str(it.this)
        for it in added.walk(prune=lambda node: isinstance(node, exp.Predicate))
        if isinstance(it, exp.JSONPathKey) or (isinstance(it, exp.Literal) and it.is_string)
    ]
    return next((Found(key, why) for key in keys if (why := why_not_added("", key.lower()))), None)


def _found(node: exp.Expr, scope: Scope, seen: frozenset[int]) -> Found | None:
    """What the value of an expression has in it that cannot be added."""
    if isinstance(node, NO_VALUES):
        return None
    if isinstance(node, exp.Column):
        return _of_column(node, scope, seen)
    if isinstance(node, exp.Subquery | exp.Select) and node is not scope.expression:
        return _of_query(node, scope, seen)
    if isinstance(node, exp.Sum):
        return None  # a sum can be added; of what it is a sum is looked at by itself
    if isinstance(node, exp.Avg):
        return Found(node.sql("postgres"), MEAN)
    if isinstance(node, MIDDLES):
        return Found(node.sql("postgres"), MIDDLE)
    if isinstance(node, exp.Window) and _name_of(node.this) in PLACES:
        return Found(node.sql("postgres"), RANK)
    if isinstance(node, exp.Div) and all(
        _is_of_groups(side, scope, seen) for side in (node.this, node.expression)
    ):
        return Found(node.sql("postgres"), SHARE)
    return next((found for part in _values_in(node) if (found := _found(part, scope, seen))), None)


def _values_in(node: exp.Expr) -> list[exp.Expr]:
    """The parts of an expression whose values it hands on: of a case its results, not its conditions."""
    if isinstance(node, exp.Case):
        results = [it.args["true"] for it in node.args["ifs"]]
        return [*results, *([node.args["default"]] if node.args.get("default") else [])]
    if isinstance(node, exp.If):
        return [it for name in ("true", "false") if (it := node.args.get(name))]
    if isinstance(node, exp.Filter | exp.Window):
        return [node.this]
    return [part for part in node.iter_expressions() if isinstance(part, exp.Expr)]


def _of_column(column: exp.Column, scope: Scope, seen: frozenset[int]) -> Found | None:
    source = scope.sources.get(column.table)
    name = column.name
    if isinstance(source, exp.Table):
        why = why_not_added(source.name if source.db in ("marts", "") else "", name)
        return Found(f"{source.db or 'marts'}.{source.name}.{name}", why) if why else None
    if isinstance(source, Scope):
        return _of_source(source, name, seen)
    why = why_not_added("", name)
    return Found(name, why) if why else None


def _of_source(source: Scope, name: str, seen: frozenset[int]) -> Found | None:
    """A column of a query that another one reads, of whichever of its arms."""
    if id(source) in seen:
        return None  # a recursive one reads itself
    seen = seen | {id(source)}
    for arm in _arms(source):
        query = arm.expression
        if not isinstance(query, exp.Select):  # values, a function, a lateral: what goes in comes out
            if found := next(_going_in(arm, seen), None):
                return found
            continue
        for place, shown in enumerate(query.selects):
            names = _names_of(source) if arm is not source else []
            is_it = names[place : place + 1] == [name] if names else shown.alias_or_name == name
            if is_it and (found := _found(shown, arm, seen)):
                return found
    return None


def _going_in(source: Scope, seen: frozenset[int]) -> Iterator[Found]:
    """All that a source which is no query of its own is given."""
    for inner in source.sources.values():
        if isinstance(inner, Scope) and isinstance(inner.expression, exp.Select) and id(inner) not in seen:
            shown = (_found(it, inner, seen | {id(inner)}) for it in inner.expression.selects)
            yield from (found for found in shown if found)
    for column in source.expression.find_all(exp.Column):
        if column.table in source.sources and (found := _of_column(column, source, seen)):
            yield found


def _arms(source: Scope) -> Iterator[Scope]:
    if source.set_operation_scopes:
        for arm in source.set_operation_scopes:
            yield from _arms(arm)
    else:
        yield source


def _shown(scope: Scope) -> list[exp.Expr]:
    return list(scope.expression.selects) if isinstance(scope.expression, exp.Query) else []


def _names_of(scope: Scope) -> list[str]:
    return [it.alias_or_name for it in _shown(scope)]


def _of_query(node: exp.Expr, scope: Scope, seen: frozenset[int]) -> Found | None:
    """A query in the place of a value."""
    query = node.unnest()
    for inner in scope.subquery_scopes:
        if inner.expression is query and id(inner) not in seen:
            shown = _shown(inner)
            return _found(shown[0], inner, seen | {id(inner)}) if shown else None
    return None


def _is_of_groups(node: exp.Expr, scope: Scope, seen: frozenset[int]) -> bool:
    """Whether a value says something of a group of flights, and not of one."""
    if node.find(exp.AggFunc):
        return True
    for column in node.find_all(exp.Column):
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table) and source.name.startswith(OF_GROUPS):
            return True
        if isinstance(source, Scope) and id(source) not in seen:
            for arm in _arms(source):
                shown = [it for it in _shown(arm) if it.alias_or_name == column.name]
                if any(_is_of_groups(it, arm, seen | {id(source)}) for it in shown):
                    return True
    return False


def _name_of(function: exp.Expr) -> str:
    if isinstance(function, exp.Anonymous):
        return str(function.this).lower()
    return function.sql_name().lower() if isinstance(function, exp.Func) else ""
