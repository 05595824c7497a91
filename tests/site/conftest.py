"""The site of a warehouse with three months, whose names try to be HTML, and a browser to look at it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from cli.server.connections import connection
from cli.server.process import server
from cli.site.build import build
from tests.beginnings import SAMPLE, begin_with
from tests.site.browser import Reader, chromium, running_browser
from tests.templates import become, keep

HOSTILE = "<img src=x onerror=alert(1)>\"'</script>&amp; Air"
"""A name that is no name."""

TEMPLATE = "site"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def site(database: str) -> Path:
    """The folder of a site; the database of the test is the one that it shows."""
    chromium()  # who has no browser need not wait for a warehouse
    folder = _built(str(server().state))
    become(TEMPLATE)
    return folder


@cache
def _built(state: str) -> Path:
    """Build the site once for all files of tests, and keep its database as a template."""
    folder = Path(mkdtemp(prefix="site-"))
    begin_with(SAMPLE, folder / "warehouse")
    with closing(connection("postgres").connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute("update marts.dim_carriers set carrier_name = %s where carrier_code = 'UA'", [HOSTILE])
        cursor.execute(
            "update marts.dim_airports set airport_name = %s where airport_code_iata in ('JFK', 'ATL')",
            [HOSTILE],
        )
    build(folder / "site", lambda _: None)
    keep(TEMPLATE)
    return folder / "site"


@pytest.fixture
def reader(browser: Any, site: Path) -> Iterator[Callable[..., Reader]]:
    """Makes people with a browser of the width and settings that are asked for."""
    made: list[Reader] = []

    def make(**settings: Any) -> Reader:
        made.append(Reader(browser, site, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
