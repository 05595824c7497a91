"""How templates show values: everything is escaped, and figures, times and months look alike on all pages."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

TEMPLATES = Path(__file__).with_name("templates")
UNKNOWN = "\N{EN DASH}"


def environment() -> Environment:
    """Templates of `templates/`; each value in them is escaped, and a name that nobody gave is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "when": when, "month": month, "value": value, "anchor": anchor}
    made.filters |= {"prose": prose, "markdown": markdown, "month_name": month_name}
    return made


def number(given: Any, digits: int | None = None) -> str:
    """1,234,567 or 65.19; as many digits behind the point as asked for, else as the value has."""
    if given is None:
        return UNKNOWN
    if digits is None:
        return f"{given:,}"
    return f"{given:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def when(given: datetime | date | None) -> str:
    """30 November 2026, 03:38 UTC; of a date the day alone."""
    if given is None:
        return UNKNOWN
    day = f"{given.day} {given:%B %Y}"
    return f"{day}, {given:%H:%M} UTC" if isinstance(given, datetime) else day


def month(given: date | None) -> str:
    """July 2013."""
    return UNKNOWN if given is None else f"{given:%B %Y}"


NUMBERS_OF_THINGS = ("_no", "_number", "_id", "_bts", "year")
"""How names of columns end whose whole numbers count nothing: flight 1545 is not flight 1,545."""


def value(given: Any, name: str = "") -> str:
    """A value of a table, whatever it is; `name` is its column's."""
    if isinstance(given, int) and name.endswith(NUMBERS_OF_THINGS):
        return str(given)
    match given:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if given else "no"
        case int() | float() | Decimal():
            return number(given)
        case datetime():
            return f"{given:%Y-%m-%d %H:%M}"
    return str(given)


def anchor(given: str) -> str:
    """A name of an element, made of any text."""
    return re.sub(r"[^a-z0-9_]+", "-", given.lower()).strip("-")


def markdown(text: str) -> Markup:
    """A description in Markdown: HTML in it is shown as text, and an address that runs code is no link."""
    return Markup(_markdown().render(text))  # noqa: S704 (the library escapes what is no Markdown)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("js-default", {"html": False})


def prose(text: str) -> Markup:
    """Paragraphs of a description, with `names` in the type of code; nothing else of Markdown is read."""
    paragraphs = (str(escape(" ".join(part.split()))) for part in re.split(r"\n\s*\n", text.strip()))
    coded = (re.sub(r"`([^`]+)`", r"<code>\1</code>", part) for part in paragraphs)
    return Markup("".join(f"<p>{part}</p>" for part in coded))  # noqa: S704 (escaped above)


def month_name(given: str) -> str:
    """July 2013 of `2013-07`, as data files name months."""
    return month(date.fromisoformat(f"{given}-01"))
