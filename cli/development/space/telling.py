"""What a space's commands say: a table of what is there, and where a build put its rows."""

from collections.abc import Iterable
from datetime import UTC, datetime

from cli.console import note
from cli.development.space.build import Built
from cli.development.space.contents import Relation
from cli.development.space.names import Space
from cli.server.connections import connection

MOST_LISTED = 60


def tell_built(built: Built) -> None:
    """What failed, in dbt's words and with rows of tests; else where the rows are."""
    from types import SimpleNamespace

    from cli.building.failures import OWN_SPACE, report_failures

    if built.failure:
        note(built.failure)
    results, nodes = SimpleNamespace(results=built.results), built.graph.manifest.nodes
    report_failures(results, connection("transformer"), OWN_SPACE, nodes)
    if built.is_ok and (shown := sorted(_relations(built), key=lambda name: ("_marts." not in name, name))):
        note(f"look at it: psql -c 'table {shown[0]} limit 9'")
        note("what CI would say of it: ontime check")


def status_table(space: Space, relations: list[Relation], whole: tuple[int, int]) -> str:
    """A line for each relation, in 100 columns."""
    if not whole[0]:
        return f"{space.prefix}_* is empty; build what you changed with: ontime dev build"
    row = "{:<44} {:>10} {:>9} {:>6}  {}"
    lines = [row.format("relation", "rows", "size", "age", "than published")]
    for relation in relations[:MOST_LISTED]:
        name, size = relation.name.removeprefix(f"{space.prefix}_"), relation.size / 1e6
        rows = f"{relation.rows:,}" if relation.rows is not None else relation.kind
        name = name if len(name) <= 44 else f"{name[:41]}..."
        lines.append(row.format(name, rows, f"{size:,.1f} MB", _age(relation.built_at), relation.compared))
    if len(relations) > MOST_LISTED:
        lines.append(f"and {len(relations) - MOST_LISTED} more")
    months = sorted({relation.months for relation in relations if relation.months})
    held = f"{whole[0]} tables and views of {space.prefix}_*, {whole[1] / 1e6:,.1f} MB{_of(months)}"
    lines.append(f"{held}; remove: ontime dev drop")
    return "\n".join(lines)


def _relations(built: Built) -> Iterable[str]:
    """Of the nodes that were built, the last ones: those that no other one reads."""
    nodes = {
        result.node.unique_id: result.node for result in built.results if result.node.resource_type != "test"
    }
    for uid, node in nodes.items():
        if uid in built.runs and not set(built.graph.children.get(uid, ())) & built.runs:
            yield f"{node.schema}.{node.alias}"


def _of(months: Iterable[str]) -> str:
    return f", {', '.join(months)}" if months else ""


def _age(built_at: datetime | None) -> str:
    if built_at is None:
        return ""
    minutes = int((datetime.now(UTC) - built_at).total_seconds() / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 60 * 48 else f"{minutes // 1440} d"
