"""Debian's chromium by Playwright. CI has both; elsewhere the tests skip and say how to get them."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.needs import missing

PATIENCE = 120
"""Seconds, for machines that have other work."""

WIDE, NARROW = 1440, 390
"""Widths in pixels of a desk's screen and of a phone's."""


def chromium() -> str:
    """The browser's path, when it and what drives it are there."""
    lacking = []
    if find_spec("playwright") is None or find_spec("axe_playwright_python") is None:
        lacking.append("make browser")
    program = shutil.which("chromium")
    if program is None:
        lacking.append("apt-get install chromium")
    if lacking or program is None:
        missing(f"no browser to look at pages with: {' and '.join(lacking)}")
    return program


@contextmanager
def running_browser() -> Iterator[Any]:
    """A browser without a window; root's takes no sandbox."""
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Reader:
    """A person with a browser: what they open, and what went wrong on the way."""

    def __init__(self, browser: Any, folder: Path, width: int = WIDE, **settings: Any) -> None:
        self.folder = folder
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(f"dialog {dialog.message}"))
        self.context.on("request", lambda request: self.requests.append(request.url))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    @property
    def outside(self) -> list[str]:
        """Requests for anything but files of the site."""
        return [url for url in self.requests if not url.startswith(f"{self.folder.as_uri()}/")]

    def open(self, name: str, choice: str = "") -> Any:
        """A page, once it shows what the choice asks for."""
        self.page.goto("about:blank")
        self.page.goto(f"{(self.folder / name).as_uri()}{choice}")
        if name == "report.html" and self.page.evaluate("ontime !== undefined"):
            self.wait_until("document.body.dataset.shown !== undefined")
        return self.page

    def wait_until(self, condition: str, argument: object = None) -> None:
        """Wait until the page says that it is true."""
        wait_until(self.page, condition, argument)

    def draw_all(self) -> None:
        """Scroll to each part, so that its chart is drawn."""
        for part in self.page.query_selector_all("[data-part]"):
            part.scroll_into_view_if_needed()
            chart = part.query_selector(".chart")
            if chart is not None:
                identity = chart.get_attribute("id")
                self.wait_until(f"document.getElementById('{identity}').dataset.drawn > 0")

    def close(self) -> None:
        self.context.close()


def wait_until(page: Any, condition: str, argument: object = None) -> None:
    """Ask the page again and again: Playwright's wait_for_function reads text as code, which pages forbid.

    Their console says so, but only where the condition is not true at once.
    """
    ends = time.monotonic() + PATIENCE
    while not page.evaluate(condition, argument):
        assert time.monotonic() < ends, f"never came true: {condition}"
        page.wait_for_timeout(20)
