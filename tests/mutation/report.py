"""target/mutations.md: which mutants were caught, by whom, and why the others survive."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutation.bench import KINDS, Catch, Verdict
from tests.mutation.mutants import LAYERS
from tests.projects import PROJECT

REPORT = PROJECT / "target" / "mutations.md"

NAMES_SHOWN = 2

HEAD = """\
# Tests of the tests

Each line below is a mistake that people make, made on purpose in one place (`tests/mutation/mutants.yml`).
The unit tests of the model are run, then the model and all that reads it are built and tested on a small
warehouse that holds some of every source (`tests/mutation/inputs.py`). A mutant is caught when a unit test,
a data test of severity error, a contract or the database refuses it: nothing would have been published. A
test of severity warn is no catch, and what pytest holds beyond that, such as published figures, is not
counted.

`make mutants` tries them all and writes this page; `python -m tests.mutation --only '*rotations*'` tries
some. A new model gets its mutants in the list, and a survivor gets a test, or its reason.

"""


def page(verdicts: Sequence[Verdict]) -> str:
    """The whole page."""
    mutants = [verdict for verdict in verdicts if not verdict.mutant.control]
    caught = sum(verdict.outcome == "caught" for verdict in mutants)
    parts = [
        HEAD,
        f"**{caught} of {len(mutants)} mutants are caught: {100 * caught / len(mutants):.1f} %.**\n\n",
        _summary(mutants),
        _survivors(mutants),
        _controls(verdict for verdict in verdicts if verdict.mutant.control),
        *(_layer(layer, mutants) for layer in LAYERS),
    ]
    return "".join(parts).rstrip() + "\n"


def surprises(verdicts: Iterable[Verdict]) -> list[str]:
    """What somebody has to look at: the list says one thing, the run another."""
    return [f"{verdict.mutant.name} {wrong}" for verdict in verdicts if (wrong := _surprise(verdict))]


def _surprise(verdict: Verdict) -> str:
    is_to_survive = bool(verdict.mutant.survives) or verdict.mutant.control
    if verdict.outcome == "invalid":
        return f"is no mutant, it cannot run: {verdict.said}"
    if verdict.outcome == "caught":
        return "is caught, though it is to survive" if is_to_survive else ""
    return "" if is_to_survive else f"{verdict.outcome}: write a test, or say in `survives` why there is none"


def _summary(mutants: Sequence[Verdict]) -> str:
    """Mutants by layer, and what refused them: the kind that comes first in a build."""
    lines = [_row("layer", "mutants", "caught", *(f"by a {kind}" for kind in KINDS)), "|---" * 7, "|\n"]
    for layer in LAYERS:
        of_layer = [verdict for verdict in mutants if verdict.mutant.layer == layer]
        kinds = Counter(
            min((catch.kind for catch in verdict.by), key=KINDS.index)
            for verdict in of_layer
            if verdict.outcome == "caught"
        )
        lines.append(_row(layer, len(of_layer), kinds.total(), *(kinds[kind] for kind in KINDS)))
    return "".join(lines) + "\n"


def _survivors(mutants: Iterable[Verdict]) -> str:
    lines = ["## Survivors\n", _row("mutant", "change", "noticed by", "why it survives"), "|---" * 4, "|\n"]
    for verdict in mutants:
        if verdict.outcome in ("survived", "warned"):
            by = f"a warning, {_names(verdict.by)}" if verdict.by else "nobody"
            reason = verdict.mutant.survives or "unexplained"
            lines.append(_row(verdict.mutant.name, _change(verdict), by, reason))
    return "".join(lines) + "\n"


def _controls(controls: Iterable[Verdict]) -> str:
    names = ", ".join(f"`{verdict.mutant.name}` ({verdict.outcome})" for verdict in controls)
    return (
        "## Controls\n"
        f"Changes that mean the same have to survive, or it is the tool that notices: {names}.\n\n"
    )


def _layer(layer: str, mutants: Iterable[Verdict]) -> str:
    lines = [f"## {layer.capitalize()}\n", _row("mutant", "kind", "change", "caught by"), "|---" * 4, "|\n"]
    for verdict in mutants:
        if verdict.mutant.layer == layer:
            by = _names(verdict.by) if verdict.outcome == "caught" else f"**{verdict.outcome}**"
            lines.append(_row(verdict.mutant.name, verdict.mutant.kind, _change(verdict), by))
    return "".join(lines) + "\n"


def _names(catches: Sequence[Catch]) -> str:
    first = ", ".join(f"{catch.kind} `{catch.name}`" for catch in catches[:NAMES_SHOWN])
    more = len(catches) - NAMES_SHOWN
    return f"{first} and {more} more" if more > 0 else first


def _change(verdict: Verdict) -> str:
    mutant = verdict.mutant
    return f"`{Path(mutant.file).stem}`: {_code(mutant.before)} → {_code(mutant.after)}"


def _code(text: str) -> str:
    return f"`{text}`" if text.strip() else "nothing"


def _row(*cells: object) -> str:
    """A row of a table; what has more lines, or the separator in it, stays one cell."""
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |\n"
