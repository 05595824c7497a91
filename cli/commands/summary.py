"""`ontime summary`."""

import click


@click.command()
def summary() -> None:
    """Say what is published: rows of each mart, the on-time figure, and where to go next.

    \b
    Example:
      ontime summary
    """
    from cli.questions.summary import summary

    summary()
