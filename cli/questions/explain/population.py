"""Which flights a figure is of: conditions on columns that facts and raw records both state."""

from dataclasses import dataclass, replace
from typing import Any

Values = tuple[Any, ...]

HOUR = "scheduled_hour_local"
"""No column of the facts: the hour of `scheduled_departure_at_local`."""


@dataclass(frozen=True)
class Condition:
    """A column of flights has one of these values; a None among them is a missing value."""

    column: str
    values: Values

    def sql(self, expression: str = "") -> tuple[str, list[Any]]:
        """As SQL with its parameters; `expression` stands for the column where it is not called so."""
        given = [value for value in self.values if value is not None]
        column = expression or _expression(self.column)
        parts = []
        if given:
            parts.append(f"{column} = any(%s)")
        if None in self.values:
            parts.append(f"{column} is null")
        return f"({' or '.join(parts) or 'false'})", [given] if given else []

    def readable(self) -> str:
        """As SQL without parameters, to be read and run by people."""
        given = [literal(value) for value in self.values if value is not None]
        column = _expression(self.column)
        parts = [f"{column} = {given[0]}" if len(given) == 1 else f"{column} in ({', '.join(given)})"]
        parts = parts if given else []
        if None in self.values:
            parts.append(f"{column} is null")
        return " or ".join(parts) or "false"


@dataclass(frozen=True)
class Population:
    """Flights for which all of the conditions hold; `months` are their first days, all that are loaded."""

    conditions: tuple[Condition, ...]
    months: Values = ()

    def of(self, column: str) -> Values | None:
        """The values that a column may have; None where no condition is about it."""
        return next((held.values for held in self.conditions if held.column == column), None)

    def without(self, *columns: str) -> "Population":
        return replace(self, conditions=tuple(it for it in self.conditions if it.column not in columns))

    @property
    def columns(self) -> set[str]:
        return {condition.column for condition in self.conditions}

    def sql(self) -> tuple[str, list[Any]]:
        """The conditions in one, with parameters."""
        found = [condition.sql() for condition in self.conditions]
        return " and ".join(text for text, _ in found) or "true", [it for _, values in found for it in values]

    def readable(self) -> str:
        return "\n    and ".join(condition.readable() for condition in self.conditions) or "true"


def literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _expression(column: str) -> str:
    return "extract(hour from scheduled_departure_at_local)" if column == HOUR else column
