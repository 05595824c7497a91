"""docs/mutations.md: which mutants were caught, by whom, and why the others survive."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutation.bench import Catch, Verdict
from tests.mutation.mutants import LAYERS
from tests.projects import PROJECT

REPORT = PROJECT / "docs" / "mutations.md"

NAMES_SHOWN = 2

HEAD = """\
# Tests of the tests

Each line below is a mistake that people make, made on purpose in one place (`tests/mutation/mutants.yml`). The model and all that
reads it are then built and tested on a small warehouse that holds some of every source (`tests/mutation/inputs.py`). A mutant is
caught when a unit test, a data test of severity error, a contract or the database refuses it: nothing would have been
published. `make mutants` does it and writes this page; `python -m tests.mutation --only '*rotations*'` tries some of them.

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
    ]
    parts += [_layer(layer, mutants) for layer in LAYERS]
    return "".join(parts).rstrip() + "\n"


def surprises(verdicts: Iterable[Verdict]) -> list[str]:
    """What somebody has to look at: the list says one thing, the run another."""
    return [
        f"{verdict.mutant.name} {wrong}"
        for verdict in verdicts
        if (
            wrong := {
                "invalid": f"is no mutant, it cannot run: {verdict.said}",
                "caught": _if(verdict.mutant.survives or verdict.mutant.control, "is caught, though it should survive"),
                "survived": _if(_is_unexplained(verdict), "survived: write a test, or say why in `survives`"),
                "warned": _if(_is_unexplained(verdict), "is only warned of: write a test, or say why in `survives`"),
            }[verdict.outcome]
        )
    ]


def _is_unexplained(verdict: Verdict) -> bool:
    return not verdict.mutant.survives and not verdict.mutant.control


def _if(condition: object, text: str) -> str:
    return text if condition else ""


def _summary(mutants: Sequence[Verdict]) -> str:
    """Layers, and who was the first to notice: the kind that stands first in the order of a build."""
    kinds = ("unit test", "contract", "database", "data test")
    lines = ["| layer | mutants | caught | " + " | ".join(f"by a {kind}" for kind in kinds) + " |\n"]
    lines.append("|---|---|---|" + "---|" * len(kinds) + "\n")
    for layer in LAYERS:
        of_layer = [verdict for verdict in mutants if verdict.mutant.layer == layer]
        caught = [verdict for verdict in of_layer if verdict.outcome == "caught"]
        by = Counter(kind for verdict in caught for kind in {catch.kind for catch in verdict.by})
        lines.append(
            f"| {layer} | {len(of_layer)} | {len(caught)} | " + " | ".join(str(by[kind]) for kind in kinds) + " |\n"
        )
    return "".join(lines) + "\nA mutant can be caught by more than one kind.\n\n"


def _survivors(mutants: Iterable[Verdict]) -> str:
    survivors = [verdict for verdict in mutants if verdict.outcome in ("survived", "warned")]
    if not survivors:
        return "## Survivors\nNone.\n\n"
    lines = ["## Survivors\n", "| mutant | change | noticed by | why it survives |\n|---|---|---|---|\n"]
    for verdict in survivors:
        by = f"warning {_names(verdict.by)}" if verdict.by else "nobody"
        lines.append(
            f"| {verdict.mutant.name} | {_change(verdict)} | {by} | {_cell(verdict.mutant.survives or 'unexplained')} |\n"
        )
    return "".join(lines) + "\n"


def _controls(controls: Iterable[Verdict]) -> str:
    names = [f"`{verdict.mutant.name}` ({verdict.outcome})" for verdict in controls]
    return (
        "## Controls\nChanges that mean the same as the original have to survive, or it is the tool that notices: "
        + ", ".join(names)
        + ".\n\n"
    )


def _layer(layer: str, mutants: Iterable[Verdict]) -> str:
    lines = [f"## {layer.capitalize()}\n", "| mutant | kind | change | caught by |\n|---|---|---|---|\n"]
    lines += [
        f"| {verdict.mutant.name} | {verdict.mutant.kind} | {_change(verdict)} | {_caught_by(verdict)} |\n"
        for verdict in mutants
        if verdict.mutant.layer == layer
    ]
    return "".join(lines) + "\n"


def _caught_by(verdict: Verdict) -> str:
    return _names(verdict.by) if verdict.outcome == "caught" else f"**{verdict.outcome}**"


def _names(catches: Sequence[Catch]) -> str:
    first = [f"{catch.kind} `{catch.name}`" for catch in sorted(catches, key=_in_order)[:NAMES_SHOWN]]
    more = len(catches) - NAMES_SHOWN
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")


def _in_order(catch: Catch) -> tuple[bool, str]:
    return catch.kind != "unit test", catch.name


def _change(verdict: Verdict) -> str:
    mutant = verdict.mutant
    return f"`{Path(mutant.file).stem}`: {_code(mutant.before)} → {_code(mutant.after)}"


def _code(text: str) -> str:
    one_line = " ".join(text.split())
    return f"`{_cell(one_line)}`" if one_line else "nothing"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
