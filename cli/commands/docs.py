"""`ontime docs`."""

import click

from cli.console import note, timed


@click.command()
def docs() -> None:
    """Write the models' documentation, with the published names, as one file that opens in a browser.

    \b
    Example:
      ontime docs
    """
    from cli.docs import generate

    with timed("docs"):
        page = generate()
    note(f"open {page}")
