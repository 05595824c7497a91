"""Every page, as people meet it: wide and narrow, light and dark, by keyboard, without JavaScript."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from cli.site import library
from cli.site.build import build
from cli.site.pages import PAGES
from tests.site.browser import NARROW, WIDE, Reader
from tests.site.conftest import HOSTILE
from tests.site.feed import entries_of

MakeReader = Callable[..., Reader]


PART = "dictionary-fct_flights.html"
MONTHS = (1, 2, 3)
"""Those of the sample, none of which was released twice."""


def pages(site: Path) -> list[str]:
    """All that the navigation leads to, and one of the pages below them, which are alike."""
    names = sorted(path.name for path in site.glob("*.html"))
    above = [name for name in names if "-" not in name]
    assert len(above) == len(PAGES)
    assert PART in names
    return [*above, PART]


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_pages_load_in_peace(site: Path, reader: MakeReader, width: int, scheme: str) -> None:
    """No message on the console, no request for anything but the site's files, nothing to scroll sideways."""
    person = reader(width=width, color_scheme=scheme)
    for name in pages(site):
        page = person.open(name)
        person.draw_all()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert person.faults == [], name
    assert person.requests
    assert person.outside == []


LIGHT = {"resultTypes": ["violations"]}
DARK = LIGHT | {"runOnly": ["color-contrast"]}
"""The pages are the same in the dark, but for their colours."""


SHORTEN = """
    for (const kind of [".long dt", ".long dd", ".long tr", ".question", ".column"])
        [...document.querySelectorAll(kind)].slice(20).forEach((each) => each.remove());
"""
"""Axe looks at each text, and in long lists they are alike: the first twenty are enough."""


@pytest.mark.parametrize(("scheme", "rules"), [("light", LIGHT), ("dark", DARK)])
def test_axe_finds_nothing_serious(
    site: Path, reader: MakeReader, scheme: str, rules: dict[str, object]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    person = reader(color_scheme=scheme)
    for name in pages(site):
        page = person.open(name)
        person.draw_all()
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page.evaluate(SHORTEN)
        found = Axe().run(page, options=rules).response["violations"]
        told = [
            (each["id"], each["help"], [node["html"][:200] for node in each["nodes"][:3]])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert told == [], name


def test_without_javascript_text_and_tables_are_there(site: Path, reader: MakeReader) -> None:
    person = reader(java_script_enabled=False)
    for name in pages(site):
        page = person.page
        page.goto((site / name).as_uri())
        assert page.locator("h1").is_visible(), name
        rows = page.locator("table:visible tbody tr, .column:visible").count()
        assert rows > 3 or (name, rows) == ("restated.html", len(MONTHS)), name
        assert page.locator(".needs-script:visible").count() == 0, name
    person.page.goto((site / "report.html").as_uri())
    assert person.page.locator("#carriers-table:visible tbody tr").count() >= 10
    assert person.outside == []


def test_a_feed_without_restatements_is_a_feed(site: Path) -> None:
    assert entries_of(site / "restated.xml") == {}
    assert 'href="restated.xml"' in (site / "restated.html").read_text()


def test_names_are_text_wherever_they_stand(reader: MakeReader) -> None:
    person = reader()
    page = person.open("report.html", "#airport=departures%3AJFK")
    person.draw_all()
    assert page.locator("img").count() == 0
    assert page.locator("#carriers-table td", has_text=HOSTILE).count() == 1
    assert HOSTILE in page.locator("select[name=carrier]").inner_text()
    page.locator("#carriers-chart svg path[aria-roledescription=point]").last.hover(force=True)
    assert page.locator("img").count() == 0
    assert person.faults == []


def test_the_choice_of_light_or_dark_is_the_readers(site: Path, reader: MakeReader) -> None:
    person = reader(color_scheme="light")
    page = person.open("index.html")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.locator("#theme").click()
    dark = page.evaluate(background)
    assert dark != light
    page = person.open("report.html")
    assert page.evaluate(background) == dark, "the choice holds on the next page"
    page.locator("#theme").click()
    assert page.evaluate(background) == light


def test_the_keyboard_is_enough(reader: MakeReader) -> None:
    person = reader()
    page = person.open("report.html")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the figures"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "month"
    page.keyboard.press("ArrowDown")
    before = page.locator("[name=month] option").nth(1).get_attribute("value")
    person.wait_until(f"location.hash === '#month={before}'")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "on_time_pct"
    page.keyboard.press("ArrowRight")
    person.wait_until("JSON.parse(document.body.dataset.shown).measure === 'cancelled_pct'")
    summary = page.locator("#trend summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#trend-table").is_visible()


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_tables_hold_the_figures_where_nothing_draws_charts(
    site: Path, browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has not installed the library has the site all the same, and is told."""
    library._library.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    said: list[str] = []
    try:
        build(tmp_path / "site", said.append)
    finally:
        library._library.cache_clear()  # other tests have the library
    assert not (tmp_path / "site" / "assets" / "vega.js").exists()
    assert "charts are left out, their tables are there: make site installs what draws them" in said
    person = Reader(browser, tmp_path / "site")
    try:
        page = person.open("report.html")
        person.draw_all()
        assert page.locator("#trend-chart svg").count() == 0
        assert "This chart is left out" in page.locator("#trend-chart").inner_text()
        page.locator("#trend summary").first.click()
        assert page.locator("#trend-table:visible tbody tr").count() >= 3
        assert person.faults == []
    finally:
        person.close()


def test_the_first_view_is_small(site: Path, reader: MakeReader) -> None:
    """Beside the library it takes less than 300 kB."""
    person = reader()
    for name in pages(site):
        person.requests.clear()
        person.open(name)
        urls = [url.partition("#")[0] for url in person.requests if url.startswith("file:")]
        sizes = {url: Path(unquote(urlsplit(url).path)).stat().st_size for url in urls}
        assert 0 < sum(size for url, size in sizes.items() if not url.endswith("/vega.js")) < 300_000, sizes
