"""Behind each figure of the report stands what `ontime explain` says of it, by keyboard and on a phone."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.questions.explain import explain, opened_session
from cli.questions.explain.proof import spelled
from tests.site.browser import NARROW, Reader
from tests.site.conftest import HOSTILE

MakeReader = Callable[..., Reader]

CHOICES = {
    "": "#keys",
    "#month=2013-01&carrier=DL": "#trend-table",
    "#carrier=UA&airport=departures%3AJFK": "#routes-table",
    "#month=2013-02&airport=arrivals%3AATL": "#carriers-table",
}
"""What is chosen, and where figures are asked why they are what they are."""


def panel(page: Any) -> dict[str, str]:
    """What the panel says, by part."""
    return page.evaluate(  # type: ignore[no-any-return]
        """() => {
            const said = Object.fromEntries(["figure", "verdict", "sql", "command", "title"]
                .map((name) => [name, document.getElementById(`why-${name}`).textContent]));
            let term = "";
            for (const each of document.getElementById("why-parts").children) {
                if (each.tagName === "DT") said[term = each.textContent] = "";
                else said[term] += (said[term] && "; ") + each.textContent;
            }
            return said;
        }"""
    )


@pytest.mark.parametrize("choice", CHOICES)
def test_a_figure_says_what_explain_says(reader: MakeReader, choice: str) -> None:
    """The first and the last figures of a table: the command to copy gives the same value and account."""
    place = CHOICES[choice]
    person = reader()
    page = person.open("report.html", choice)
    page.evaluate("document.querySelectorAll('details.table').forEach((each) => { each.open = true; })")
    buttons = page.locator(f"{place} button.why")
    asked = {0, 1, buttons.count() - 2, buttons.count() - 1}
    with opened_session() as session:
        for number in sorted(asked):
            buttons.nth(number).click()
            person.wait_until("document.getElementById('why').open")
            said = panel(page)
            words = shlex.split(said["command"])
            assert words[:2] == ["ontime", "explain"]
            where = dict(re.findall(r"(?:--where (?=\w+=)|--)(\w+)[= ](\S+)", " ".join(words[3:])))
            proof = explain(words[2], where, session)
            assert said["figure"] == f"= {spelled_with_zeros(said['sql'], session)}"
            assert float(said["figure"][2:]) == float(proof.value), said
            assert said["verdict"].startswith(f"{proof.recomputation.verdict}: ")
            assert said["Definition"] == proof.definition
            assert said.get("Not additive", "") == proof.additive
            assert proof.account is not None
            if proof.account.left_out:
                assert f"{proof.account.went_in:,} of {proof.account.flights:,} went in" in said["Flights"]
            for left in proof.account.left_out:
                assert f"{left.flights:,} did not, {left.why}" in said["Flights"]
            assert proof.before is not None and said["The release before"] == proof.before.words
            assert all(file.file_name in said["Files"] for file in proof.files)
            assert all(digest in said["Logic"] for digest in proof.fingerprints.values())
            page.keyboard.press("Escape")
            person.wait_until("!document.getElementById('why').open")
    assert person.faults == []
    assert person.outside == []


def spelled_with_zeros(sql: str, session: Any) -> str:
    """What the SQL of the panel gives; a metric has lost its last zeros."""
    ((value,),) = [tuple(row.values()) for row in session.of_marts(sql)]
    return spelled(value)


def test_the_panel_by_keyboard_and_on_a_phone(reader: MakeReader) -> None:
    from axe_playwright_python.sync_playwright import Axe

    person = reader(width=NARROW, color_scheme="dark")
    page = person.open("report.html", "#carrier=UA")
    figure = page.locator("#keys button.why").first
    figure.focus()
    page.keyboard.press("Enter")
    person.wait_until("document.getElementById('why').open")
    assert HOSTILE in panel(page)["title"]
    assert page.locator("img").count() == 0
    assert page.evaluate("document.activeElement.id") == "why-close"
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert (
        page.evaluate(
            "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)(document.getElementById('why'))"
        )
        <= 0
    )
    page.evaluate("document.querySelector('#why details').open = true")
    assert person.faults == []  # before axe, which asks for style sheets that the page forbids to fetch
    found = Axe().run(page, context="#why").response["violations"]
    assert [(each["id"], each["help"]) for each in found] == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == figure.inner_text(), "back where one was"


def test_the_first_view_has_no_proof(reader: MakeReader) -> None:
    person = reader()
    page = person.open("report.html")
    assert not [url for url in person.requests if "report-why" in url]
    page.locator("#trend button[data-why]").click()
    person.wait_until("document.getElementById('why').open")
    assert len([url for url in person.requests if "report-why" in url]) == 2


def test_without_a_script_the_proof_is_a_table(site: Path, reader: MakeReader) -> None:
    person = reader(java_script_enabled=False)
    person.page.goto((site / "report.html").as_uri())
    section = person.page.locator("#proof")
    assert "all are equal" in section.inner_text()
    assert section.locator("#proof-table tbody tr:visible").count() == 3
    assert section.locator("td:visible", has_text="equal").count() > 10
    assert person.page.locator("dialog:visible").count() == 0
