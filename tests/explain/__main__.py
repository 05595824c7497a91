"""Recompute random figures of a published warehouse from raw: `python -m tests.explain --cells 1000`.

Asks the warehouse that `ontime` asks. Exit code 1 when a figure is different.
"""

import sys

import click

from cli.questions.explain.sessions import opened_session
from tests.explain.cells import random_cells
from tests.explain.prove import prove


@click.command()
@click.option("--cells", default=1000, show_default=True, help="How many figures.")
@click.option("--seed", default=17, show_default=True, help="The same seed picks the same figures.")
@click.option("--apart", is_flag=True, help="A session for each figure, as the command has it.")
def main(cells: int, seed: int, apart: bool) -> None:
    with opened_session() as session:
        picked = list(random_cells(session, cells, seed))
        proof = prove(None if apart else session, picked)
    click.echo(proof.words)
    for reason, count in proof.cannot.most_common():
        click.echo(f"  cannot, {count}: {reason}")
    for difference in proof.different:
        click.echo(f"  DIFFERENT {difference}")
    sys.exit(1 if proof.different else 0)


main()
