"""Restatements: what each release changed against the one before, as a page and as a feed (RFC 4287).

The words are those of `ontime restated`. Of all months there are the sums; of those that were released last
also cells, ranks and the flights that made the difference.
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from cli.questions.restated import Release, releases
from cli.site.marts import Marts
from cli.site.page import Page

IN_DETAIL = 12
"""Months of which flights are compared: each takes what two releases of a month take."""

MOST = 50
"""Releases that the page and its feed have, the newest."""


def page(marts: Marts) -> Page:
    every = marts.restated()
    known = by_release(releases(every.records))
    newest = sorted(known.values(), key=_moment, reverse=True)
    months = list(dict.fromkeys(release.month for release in newest))
    for month in months[:IN_DETAIL]:
        answer = marts.restated([date.fromisoformat(f"{month}-01")])
        known |= by_release(releases(answer.records))  # what the server refuses keeps its sums
    shown = sorted(known.values(), key=_moment, reverse=True)
    return Page(
        name="restated",
        title="Restatements",
        description="What each release of a month changed: sums, ranks, cells, and the flights that did.",
        template="restated.html.jinja",
        context={
            "refused": every.refused,
            "count": len(shown),
            "releases": [_entry(release) for release in shown[:MOST]],
            "feed_id": identity("restatements"),
            "sql": every.sql,
            "months": marts.ask("restated_releases"),
        },
        scripts=("reference.js",),
        styles=("reference.css",),
        feeds={"restated.xml": "restated.xml.jinja"},
    )


def by_release(found: Iterable[Release]) -> dict[tuple[str, str, str], Release]:
    return {(it.entity, it.month, it.release_no): it for it in found}


def identity(name: str) -> str:
    """The same for the same release, whenever the site is made."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"ontime:{name}").urn


def _entry(release: Release) -> dict[str, Any]:
    anchor = f"{release.entity}-{release.month}-{release.release_no}"
    moment = _moment(release)
    return {
        "title": str(release),
        "anchor": anchor,
        "id": identity(anchor),
        "known_from": moment if release.known_from_utc else None,
        "updated": moment.isoformat(timespec="seconds"),
        "told": list(release.told()),
        "command": f"ontime restated --month {release.month} --format csv",
    }


def _moment(release: Release) -> datetime:
    """Since when it is known, in UTC; the beginning of its month where nobody wrote that down."""
    return datetime.fromisoformat(release.known_from_utc or f"{release.month}-01").replace(tzinfo=UTC)
