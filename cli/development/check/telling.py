"""A report as a table for a terminal of 100 columns, and as Markdown for the summary of a job."""

from collections.abc import Sequence

from cli.development.check.check import Report
from cli.development.check.differences import Comparison
from cli.development.check.findings import Finding

WIDTH = 100
NOT_LOOKED_AT = (
    "Not looked at here: types and imports of Python (make check), the tests of pytest (make test)."
)
MOST_MODELS = 25
MOST_COLUMNS = 4


def as_text(report: Report) -> str:
    lines = [f"compared with {report.compared_with}, {report.months}", ""]
    for finding in report.findings:
        seconds = _seconds(finding.seconds)
        lines.append(f"{finding.check:<16} {finding.verdict:<8} {finding.said:<60} {seconds:>9}".rstrip())
        lines += [f"    {_cut(line, WIDTH - 4)}" for line in finding.details]
    if report.differences:
        lines += ["", *difference_table(report.differences)]
    lines += ["", NOT_LOOKED_AT, conclusion(report)]
    lines += [f"  -> {finding.check}: {finding.remedy}" for finding in report.findings if finding.remedy]
    return "\n".join(lines)


def difference_table(differences: Sequence[Comparison]) -> list[str]:
    row = "{:<36} {:>10} {:>10} {:>8} {:>8} {:>8} {:>8}"
    lines = [row.format("model", "rows", "production", "added", "gone", "dev", "prod.")]
    for one in differences[:MOST_MODELS]:
        lines.append(row.format(_cut(one.name, 36), *_figures(one)).rstrip())
        if said := what_differs(one):
            lines.append(f"    {_cut(said, WIDTH - 4)}")
    if len(differences) > MOST_MODELS:
        lines.append(f"and {len(differences) - MOST_MODELS} more models")
    lines.append("dev, prod.: time to read a view, in the space and in production; of a table, to build it")
    return lines


def what_differs(one: Comparison) -> str:
    """Columns, and in how many rows of the same key which values."""
    if one.is_new:
        return "new: production has none"
    parts = [f"rows not compared: {one.why_not}"] if one.why_not else []
    if one.found is None:
        return ", ".join(parts)
    parts += [f"+{name} {kind}" for name, kind in one.found.columns_added.items()]
    parts += [f"-{name}" for name in one.found.columns_gone]
    parts += [f"{name}: {was} to {now}" for name, (was, now) in one.found.types_changed.items()]
    most = sorted(one.found.changed_by_column.items(), key=lambda item: -item[1])
    parts += [f"{name} in {count:,} rows" for name, count in most[:MOST_COLUMNS]]
    if len(most) > MOST_COLUMNS:
        parts.append(f"and {len(most) - MOST_COLUMNS} more columns")
    return ", ".join(parts)


def as_markdown(report: Report) -> str:
    """Escaped: what is said may come from data."""
    compared = f"Compared with {_cell(report.compared_with)}, {_cell(report.months)}."
    lines = ["## ontime check", "", f"{compared} **{_cell(conclusion(report))}**", ""]
    lines += ["| check | verdict | what | seconds |", "|---|---|---|---:|"]
    for finding in report.findings:
        lines.append(_row(finding.check, finding.verdict, finding.said, _seconds(finding.seconds)))
    for finding in report.findings:
        lines += _block(finding)
    if report.differences:
        lines += ["", "| model | rows | production | added | gone | dev | prod. | what differs |"]
        lines.append("|---|---:|---:|---:|---:|---:|---:|---|")
        lines += [_row(one.name, *_figures(one), what_differs(one)) for one in report.differences]
    return "\n".join([*lines, "", NOT_LOOKED_AT, ""])


def conclusion(report: Report) -> str:
    failing = [finding.check for finding in report.findings if finding.is_failing]
    said = f"CI would refuse it: {', '.join(failing)}" if failing else "nothing that CI would refuse"
    return f"{said}; {report.seconds:.0f} s"


def _block(finding: Finding) -> list[str]:
    """As code, by four spaces, in which nothing is markup."""
    lines = [*finding.details, *([f"-> {finding.remedy}"] if finding.remedy else [])]
    return ["", f"**{_cell(finding.check)}**", "", *(f"    {line}" for line in lines)] if lines else []


def _figures(one: Comparison) -> list[str]:
    found = one.found
    counts = (found.rows_after, found.rows_before, found.added, found.gone) if found else (None,) * 4
    return [*map(_count, counts), *map(_seconds, (one.seconds, one.seconds_of_production))]


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 4]} ..."


def _cell(text: str) -> str:
    for special, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("\n", " ")):
        text = text.replace(special, written)
    for special in "\\`*_[]":
        text = text.replace(special, f"\\{special}")
    return text


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
