"""What options of several commands have in common."""

import click

format_option = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
"""How an answer is shown."""


def listed(names: str) -> tuple[str, ...]:
    """The names in `JFK,LGA`."""
    return tuple(name.strip() for name in names.split(",") if name.strip())
