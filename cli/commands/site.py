"""`ontime site`."""

from pathlib import Path

import click

from cli.console import note, timed


@click.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Another folder than target/site.")
@click.option("--serve", is_flag=True, help="Serve it on this machine until Ctrl-C.")
@click.option("--port", default=8082, show_default=True, help="Where --serve listens; 0 takes a free port.")
def site(folder: Path | None, serve: bool, port: int) -> None:
    """Write the site: what is published, the on-time report, what models mean, in one folder.

    Its pages open from a file, and ask nobody for anything. A site that is there is replaced when the
    new one is complete.

    \b
    Examples:
      ontime site
      ontime site --serve
    """
    from cli.site.build import FOLDER, build
    from cli.site.serving import address, server

    with timed("site"):
        start = build(folder or FOLDER, note)
    if not serve:
        note(f"open {start}")
        return
    with server(start.parent, port) as serving:
        note(f"open {address(serving)} (Ctrl-C ends it)")
        serving.serve_forever()
