"""An explanation in words for people, in lines of 100 columns at most."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from cli.console import printable
from cli.questions.explain.proof import Account, FileRows, Line, Proof, Reject, Release, spelled

WIDTH = 100
LABEL = 14
VALUES_PER_LINE = 400
LOUD = "!" * 8


def text_of(explanation: Proof) -> str:
    """The proof, part by part. A difference comes first, and cannot be overlooked."""
    parts = [*_head(explanation)]
    recomputed = explanation.recomputation
    if recomputed.verdict == "different":
        parts.append(f"{LOUD} DIFFERENT {LOUD}")
        parts += _wrapped("", recomputed.words)
        parts.append("")
    parts += _section("definition", [explanation.definition or "no description"])
    parts += [" " * LABEL + line for text in explanation.sql.splitlines() for line in _folded(text)]
    if explanation.additive:
        parts += _section("not additive", [explanation.additive])
    if explanation.account:
        parts += _section("flights", _of_account(explanation.account))
    parts += _section("records", of_records(explanation.files, explanation.rejects, explanation.duplicates))
    parts += _section("releases", of_releases(explanation.releases))
    if explanation.before:
        parts += _section("before", [explanation.before.words])
    if explanation.published:
        parts += _section("BTS", [f"{explanation.published.agreement}: {explanation.published.words}"])
    parts += _section("files", of_files(explanation.files))
    for number, line in enumerate(explanation.examples):
        parts += _section("lines" if number == 0 else "", [_of_line(line)])
    parts += _section("logic", [f"{name} {digest}" for name, digest in explanation.fingerprints.items()])
    if explanation.published_at:
        parts += _section("", [f"published {explanation.published_at} UTC"])
    parts += _section("recomputed", _of_recomputation(explanation))
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _head(explanation: Proof) -> Iterator[str]:
    where = ", ".join(f"{name} {value}" for name, value in explanation.where.items())
    yield from _wrapped("", f"{explanation.subject}{f' of {where}' if where else ''}")
    yield f"= {spelled(explanation.value)}"
    yield ""


def _of_account(account: Account) -> Iterator[str]:
    if account.went_in == account.flights:
        yield f"all {account.flights:,} went in"
        return
    yield f"{account.went_in:,} of {account.flights:,} went in"
    for left in account.left_out:
        yield f"{left.flights:,} did not, {left.why}; such as {', '.join(left.examples)}"


def of_records(files: Sequence[FileRows], rejects: Sequence[Reject], duplicates: int | None) -> Iterator[str]:
    """What became of records beside those of the flights."""
    superseded = [it for it in files if it.standing != "counts" and it.records_of_group]
    for file in superseded:
        yield f"{file.records_of_group:,} of file {file.file_no} {file.standing}: {file.why}"
    if duplicates:
        yield f"{duplicates:,} duplicate: another file states the same flight"
    for reject in rejects:
        yield f"{reject.records:,} rejected in file {reject.file_no}, of whichever group: {reject.reason}"
        yield f"  such as record {reject.record_no}: {textwrap.shorten(printable(reject.raw_text), 200)}"
    if not superseded and not duplicates and not rejects and files:
        yield "none superseded, duplicate or rejected"


def of_releases(releases: Sequence[Release]) -> Iterator[str]:
    """Which release of each month counts, and since when it was known."""
    current = [it for it in releases if it.known_to_utc is None]
    for release in current[:3]:
        whole = "complete month" if release.is_complete_month else "extracts"
        known = f"known from {release.known_from_utc} UTC"
        yield f"{release.month}: release {release.release_no} ({whole}), {known}"
    if len(current) > 3:
        yield f"and {len(current) - 3} more months"


def of_files(files: Sequence[FileRows]) -> Iterator[str]:
    """Which files state the months, and how each stands there."""
    shown: dict[tuple[int, str], list[str]] = {}
    for file in files:
        shown.setdefault((file.file_no, file.standing), []).append(file.month)
    names = {it.file_no: it for it in files}
    for (number, standing), months in list(shown.items())[:8]:
        file = names[number]
        of = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}, {len(months)} months"
        yield (
            f"{number} {file.file_name} ({file.dataset}), received {file.received_at_utc}: "
            f"{standing} for {of}"
        )
    if len(shown) > 8:
        yield f"and {len(shown) - 8} more"


def _of_line(line: Line) -> str:
    said = " ".join(
        f"{name}={printable(value) if value else repr(value or '')}" for name, value in line.values.items()
    )
    return f"file {line.file_no}, record {line.record_no}: " + textwrap.shorten(
        said, VALUES_PER_LINE, placeholder=" ..."
    )


def _of_recomputation(explanation: Proof) -> Iterator[str]:
    recomputed = explanation.recomputation
    yield f"{recomputed.verdict}: {recomputed.words}"
    if recomputed.sql:
        yield "its SQL: --format json"
    yield f"explained in {explanation.seconds:.2f} s"


def _section(label: str, lines: Iterable[str]) -> list[str]:
    found = [text for line in lines for text in _wrapped(" " * LABEL, line)]
    if found and label:
        found[0] = f"{label:<{LABEL}}" + found[0][LABEL:]
    return found


def _wrapped(indent: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + ("  " if indent else ""),
        break_on_hyphens=False,
    ) or [indent]


def _folded(text: str) -> list[str]:
    """A line of SQL, folded where it is too long."""
    return textwrap.wrap(
        text, WIDTH - LABEL, subsequent_indent="        ", break_on_hyphens=False, drop_whitespace=True
    ) or [""]
