"""Write the site: all pages of one publication, written beside the old site, and then in its place."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.runs.release import release
from cli.server.files import locked
from cli.site.library import write_library
from cli.site.marts import Marts, published
from cli.site.page import Page
from cli.site.pages import PAGES
from cli.site.rendering import environment
from ingestion import PROJECT
from ingestion.errors import OntimeError

FOLDER = PROJECT / "target" / "site"
ASSETS = Path(__file__).with_name("assets")
MARK = ".made-by-ontime-site"
"""A file that says that the folder is ours to replace."""

Say = Callable[[str], None]


def build(folder: Path, say: Say) -> Path:
    """The start page of the site in `folder`, made anew. Raises OntimeError; the old site stays then."""
    folder = folder.absolute()
    check_is_ours(folder)
    with published() as marts:
        pages = make_pages(marts, say)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f".{folder.name}.lock"):
        check_is_ours(folder)
        unfinished = _beside(folder, "unfinished")
        write(pages, unfinished, say)
        take_place(unfinished, folder)
    return folder / pages[0].file_name


def make_pages(marts: Marts, say: Say) -> list[Page]:
    """All pages; of what the server refused they say so, and so does this."""
    made = []
    for make in PAGES:
        page = make(marts)
        say(f"{page.file_name}: {page.title}")
        made.append(page)
    for refused in marts.refused:
        say(f"left out, and said on its page: {refused}")
    if marts.differences:
        say(f"DIFFERENT from raw text: {marts.differences:,} figures; report.html#proof lists them")
    return made


def write(pages: list[Page], folder: Path, say: Say) -> None:
    """Pages with their data, and what they share, in a new folder; no charts where nothing draws them."""
    (folder / "data").mkdir(parents=True)
    (folder / MARK).write_text("`ontime site` replaces this folder.\n", encoding="utf-8")
    shutil.copytree(ASSETS, folder / "assets")
    has_library = write_library(folder / "assets")
    if not has_library:
        say("charts are left out, their tables are there: make site installs what draws them")
    templates = environment()
    shared = {
        "pages": pages,
        "others": {page.name: page.file_name for page in pages},
        "has_library": has_library,
        "made_at": datetime.now(UTC),
        "release": release(PROJECT),
    }
    for page in [part for each in pages for part in (each, *each.parts)]:
        for file_name, template in {page.file_name: page.template, **page.feeds}.items():
            text = templates.get_template(template).render(page.context, page=page, **shared)
            (folder / file_name).write_text(text, encoding="utf-8")
        for key, value in page.data.items():
            text = f"ontime.receive({script_text(key)}, {script_text(value)});\n"
            (folder / "data" / f"{page.name}-{key}.js").write_text(text, encoding="utf-8")


def script_text(value: Any) -> str:
    """Compact JSON that is an expression of JavaScript, whatever the texts in it are."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def check_is_ours(folder: Path) -> None:
    """Refuse to replace what is no site of ours. Raises OntimeError."""
    if folder.is_dir() and ((folder / MARK).exists() or not any(folder.iterdir())):
        return
    if folder.exists() or folder.is_symlink():
        raise OntimeError(
            f"{folder} holds something else than a site of `ontime site`, and is left alone",
            "name another folder: ontime site --to FOLDER",
        )


def take_place(unfinished: Path, folder: Path) -> None:
    """Put the new site where the old one is; whoever opens a page meanwhile sees one or the other."""
    old = _beside(folder, "old")
    if folder.exists():
        folder.rename(old)
    unfinished.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _beside(folder: Path, word: str) -> Path:
    """A folder of ours on the same disk, that is not there; what a killed run left of it goes."""
    path = folder.with_name(f".{folder.name}.{word}")
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        raise OntimeError(f"{path} cannot be removed", f"rm -r {path}, then again: ontime site")
    return path
