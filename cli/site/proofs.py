"""The proof behind each figure of the report: what `ontime explain` says of it, made of whole months at once.

A figure's panel loads `why`, what is the same for all months, and `why-YYYY-MM`, what one month says of each
group of flights that the report shows, when it is opened for the first time: the first view has none of it.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from cli.questions.explain.account import REASONS_IN_WORDS
from cli.questions.explain.agreement import not_published_by
from cli.questions.explain.definitions import read_definitions
from cli.questions.explain.explain import PATH
from cli.questions.explain.measures import MEASURES
from cli.questions.explain.months import ACCOUNTS, BY, FIGURES, Group, MonthProof
from cli.questions.explain.proof import spelled
from cli.questions.explain.words import of_files, of_records, of_releases
from cli.site.marts import Marts

SHOWN = FIGURES[:8]
"""The figures whose values a panel has; minutes by cause are proved, and shown by the month."""

FILTERS = ("--carrier", "--where origin", "--where dest")
"""How `ontime explain` is told of each part of a group."""

DIFFERENCES = 20

Data = dict[str, Any]


def of_all_months(marts: Marts, names: Sequence[str]) -> Data:
    """What panels of every month say: definitions, SQL, and the fingerprints of what makes the figures."""
    metrics = {metric.column: metric for metric in reversed(list(read_definitions().metrics.values()))}
    digests, published_at = marts.logic
    return {
        "figures": SHOWN,
        "columns": BY,
        "filters": FILTERS,
        "reasons": REASONS_IN_WORDS,
        "accounts": ACCOUNTS,
        "path": PATH,
        "logic": [f"{name} {digest}" for name, digest in digests.items()],
        "published_at": published_at,
        "not_published": not_published_by(BY[1]),
        "measures": {
            name: {
                "metric": metrics[name].name,
                "words": metrics[name].words,
                "sql": MEASURES[name].sql,
                "not_added": MEASURES[name].why_not_added,
            }
            for name in names
        },
    }


def of_month(
    proof: MonthProof | None, airports: Collection[str], routes: Collection[tuple[str, str]]
) -> Data:
    """What the panels of one month say, of the airports and routes that the report shows."""
    if proof is None:
        return {"refused": "the server gave no answer when this page was made"}

    def is_shown(group: Group) -> bool:
        _, origin, destination = group
        if origin and destination:
            return (origin, destination) in routes
        return (origin or destination or "") in airports or not (origin or destination)

    before = {
        key(group): [spelled(figure) for figure in proof.before[group][: len(SHOWN)]]
        for group in proof.before
        if is_shown(group) and proof.before[group] != proof.figures.get(group)
    }
    return {
        "groups": {
            key(group): [
                *(None if figure is None else spelled(figure) for figure in figures[: len(SHOWN)]),
                *_without_last_zeros(proof.left_out[group]),
            ]
            for group, figures in proof.figures.items()
            if is_shown(group)
        },
        "different": {
            key(group): {name: spelled(value) for name, value in unlike.items()}
            for group, unlike in proof.different.items()
        },
        "refusal": proof.refusal,
        "releases": list(of_releases(proof.releases)),
        "files": list(of_files(proof.files)),
        "records": list(of_records(proof.files, proof.rejects, proof.duplicates)),
        "release_before": proof.release_before,
        "before": before,
        "is_new": [
            key(group)
            for group in proof.figures
            if proof.release_before and group not in proof.before and is_shown(group)
        ],
        "bts": {key(group): words for group, words in proof.bts.items() if is_shown(group)},
        "bts_of_all": proof.bts_of_all,
    }


def key(group: Group) -> str:
    """`DL|JFK|` is Delta from JFK to anywhere."""
    return "|".join(code or "" for code in group)


def summary(marts: Marts, months: Sequence[date]) -> Data:
    """How many figures of which months were recomputed, and what was found: for who has no script, too."""
    proofs = [(month, marts.prove(month)) for month in months]
    made = [proof for _, proof in proofs if proof is not None]
    newest = made[-1] if made and made[-1].month == months[-1] else None
    return {
        "months": [(month, proof, *_said(proof)) for month, proof in proofs],
        "recomputed": sum(proof.count for proof in made if not proof.refusal),
        "different": sum(len(unlike) for proof in made for unlike in proof.different.values()),
        "all_are": len(made) == len(months) and not any(proof.refusal for proof in made),
        "differences": _differences(made)[:DIFFERENCES],
        "accounts": _accounts(newest) if newest else [],
        "path": PATH,
        "logic": marts.logic[0],
        "published_at": marts.logic[1],
    }


def _said(proof: MonthProof | None) -> tuple[str, str, str, str]:
    """Of a month what raw text says, which release it is, which files count, and what BTS says."""
    if proof is None:
        return "cannot: the server gave no answer", "", "", ""
    count = sum(map(len, proof.different.values()))
    verdict = (
        f"cannot: {proof.refusal}" if proof.refusal else f"{count:,} different" if count else "all equal"
    )
    agreement = proof.bts.get((None, None, None)) or "nothing loaded"
    releases = "; ".join(text.partition(": ")[2] for text in of_releases(proof.releases))
    return verdict, releases, "; ".join(of_files(proof.files)), agreement


def _accounts(proof: MonthProof) -> list[list[Any]]:
    """Of all carriers, and of each: flights, those whose outcome is unknown, and those without a delay."""
    rows = []
    for group in sorted(proof.figures, key=lambda it: it[0] or ""):
        if group[1:] != (None, None):
            continue
        left = proof.left_out[group]
        on_time, arrivals = left[: len(REASONS_IN_WORDS)], left[-len(REASONS_IN_WORDS) :]
        verdict = "different" if group in proof.different else "cannot" if proof.refusal else "equal"
        rows.append([group[0] or "all", proof.figures[group][0], sum(on_time), *arrivals, verdict])
    return rows


def _differences(proofs: Sequence[MonthProof]) -> list[tuple[str, str, str, str, str]]:
    """Month, group, figure, what is published, and what raw text says."""
    found = []
    for proof in proofs:
        for group, unlike in proof.different.items():
            shown = proof.figures.get(group, (None,) * len(FIGURES))
            told = " ".join(
                f"{word} {code}" for word, code in zip(("of", "from", "to"), group, strict=True) if code
            )
            found += [
                (
                    f"{proof.month:%Y-%m}",
                    told or "all",
                    name,
                    spelled(shown[FIGURES.index(name)]),
                    spelled(value),
                )
                for name, value in unlike.items()
            ]
    return found


def _without_last_zeros(counts: Sequence[int]) -> list[int]:
    found = list(counts)
    while found and not found[-1]:
        found.pop()
    return found
