"""Quality: whether the data can be believed, account by account, and what to do where it cannot."""

from collections.abc import Callable
from typing import Any

from cli.site.marts import Marts, Table
from cli.site.page import Page
from cli.site.reference.project import current
from cli.site.reference.quality import accounts
from cli.site.reference.tests import STATES, LastResult, by_model, results_of, totals


def page(marts: Marts) -> Page:
    shown = accounts()
    answers = {account.query: marts.ask(account.query) for account in shown}
    ledger = answers["quality_ledger"]
    recorded = marts.ask("quality_tests")
    tests = results_of(current()[0].tests.values(), recorded.records)
    return Page(
        name="quality",
        title="Quality",
        description="Tests, anomalies, agreement with BTS, and where every record went.",
        template="quality.html.jinja",
        context={
            "ledger": ledger,
            "accounts": [(account, answers[account.query]) for account in shown],
            "seen": sum(ledger.column("rows_seen")),
            "unaccounted": sum(map(abs, ledger.column("unaccounted"))),
            "verdicts": verdicts(answers, tests),
            "tests": tests,
            "recorded": recorded,
            "tests_by_model": by_model(tests),
            "states": STATES,
            "totals": totals(tests),
        },
        scripts=("reference.js",),
        styles=("reference.css",),
    )


def verdicts(answers: dict[str, Table], tests: list[LastResult]) -> list[dict[str, Any]]:
    """The figures at the head of the page: each with its section, and whether somebody should look.

    A figure is None where nobody knows it.
    """

    def rows(query: str, matters: Callable[[dict[str, Any]], Any]) -> int | None:
        table = answers[query]
        return None if table.refused else sum(bool(matters(record)) for record in table.records)

    agreement, rejects = answers["quality_agreement"], answers["quality_rejects"]
    found = totals(tests)
    is_on_record = found["not on record"] < len(tests)
    return [
        {
            "id": "tests",
            "count": found["failed"] + found["warned"] if is_on_record else None,
            "told": "tests that failed or warned" if is_on_record else "no test is on record",
        },
        {
            "id": "quality_ledger",
            "count": rows("quality_ledger", lambda row: row["unaccounted"]),
            "told": "files out of balance",
        },
        {
            "id": "quality_anomalies",
            "count": rows("quality_anomalies", lambda row: row["severity"] == "alarm"),
            "told": "alarms about the data",
        },
        {
            "id": "quality_agreement",
            "count": sum(agreement.column("differs")) if agreement else None,
            "told": "totals unlike those of BTS"
            if agreement or agreement.refused
            else "no totals of BTS to compare with",
        },
        {
            "id": "quality_rejects",
            "count": None if rejects.refused else sum(rejects.column("records")),
            "told": "records rejected",
        },
        {"id": "quality_gaps", "count": answers["quality_gaps"].count, "told": "months missing"},
        {
            "id": "quality_held",
            "count": rows("quality_held", lambda row: row["standing"] == "held"),
            "told": "files held",
        },
    ]
