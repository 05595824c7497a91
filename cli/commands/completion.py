"""`ontime completion`."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets Tab complete commands, options, models, metrics and more in SHELL.

    An activated `.venv` does that already.

    \b
    Example:
      eval "$(ontime completion bash)"
    """
    found = get_completion_class(shell)
    assert found is not None  # click.Choice names two that click has
    main = context.find_root().command
    click.echo(found(main, {}, "ontime", "_ONTIME_COMPLETE").source())
