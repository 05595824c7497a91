"""What options of several commands have in common."""

import click

format_option = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
"""How an answer is shown."""

months_option = click.option(
    "--months", multiple=True, metavar="MONTH[..MONTH]", help="Months such as 2013-06..2013-08."
)
"""Of which months an answer is."""

as_of_option = click.option(
    "--as-of",
    metavar="WHEN",
    help="The marts as readers saw them then: 2024-03-01 (its end, UTC), a time, a publication's number.",
)
"""Of which moment an answer is (cli/questions/as_of.py)."""


def listed(names: str) -> tuple[str, ...]:
    """The names in `JFK,LGA`."""
    return tuple(name.strip() for name in names.split(",") if name.strip())
