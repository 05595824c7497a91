"""What is known of relations: columns and what they are made of, what decides on their rows, their keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

Column = tuple[str, str]
"""Relation and column."""

ROWS = "*"
"""In the place of a column: which rows a relation has."""

Columns = frozenset[Column]
NONE: Columns = frozenset()


@dataclass(frozen=True)
class Origin:
    """The columns that a value is computed of, and those that only decide which rows it is computed of."""

    values: Columns = NONE
    steers: Columns = NONE

    def __or__(self, other: "Origin") -> "Origin":
        return Origin(self.values | other.values, self.steers | other.steers)

    @property
    def all(self) -> Columns:
        return self.values | self.steers


@dataclass(frozen=True)
class Relation:
    """What can be read: columns in their order, what its rows depend on, and its keys.

    `open` are relations whose columns nobody listed: whatever name is asked for, may be theirs.
    """

    columns: Mapping[str, Origin]
    rows: Columns = NONE
    keys: frozenset[frozenset[str]] = frozenset()
    open: frozenset[str] = frozenset()

    @classmethod
    def of(cls, name: str, columns: Iterable[str] | None, keys: Iterable[Iterable[str]] = ()) -> "Relation":
        """A table or view of the database; `columns` is None where they are not known."""
        known = {column: Origin(frozenset({(name, column)})) for column in columns or ()}
        rows = frozenset({(name, ROWS)})
        return cls(
            known,
            rows,
            frozenset(map(frozenset, keys)),
            frozenset() if columns is not None else frozenset({name}),
        )

    def find(self, column: str) -> Origin | None:
        found = self.columns.get(column)
        if found is None and self.open:
            return Origin(frozenset((name, column) for name in self.open))
        return found

    def whole(self) -> Origin:
        """A row as one value."""
        return union(self.columns.values()) | Origin(frozenset((name, ROWS) for name in self.open))

    def renamed(self, names: list[str]) -> "Relation":
        """With the column names of an alias, `as t (a, b)`; the first columns get them."""
        given = dict(zip([*names, *list(self.columns)[len(names) :]], self.columns.values(), strict=False))
        return replace(self, columns=given, keys=frozenset()) if names else self


def union(origins: Iterable[Origin]) -> Origin:
    values, steers = set[Column](), set[Column]()
    for origin in origins:
        values |= origin.values
        steers |= origin.steers
    return Origin(frozenset(values), frozenset(steers))
