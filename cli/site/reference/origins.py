"""The way of a column back to what landed."""

from cli.development.columns import Lineage
from cli.development.relations import Column


def landed_columns(lineage: Lineage, column: Column) -> list[Column]:
    """The columns of landed tables and seeds that a column is computed of, over however many models."""
    seen, todo, found = {column}, [column], set[Column]()
    while todo:
        at = todo.pop()
        above = lineage.values.get(at, frozenset())
        if not above and at != column and not lineage.columns.get(at[0]):
            found.add(at)
        todo += above - seen
        seen |= above
    return sorted(found)
