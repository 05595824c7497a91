"""Web pages in place of data: what a server answers when it cannot answer, BTS among them."""

import re
from html import unescape

_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)


def page_title(start: bytes) -> str | None:
    """The title of the web page that begins so, empty when it has none; None when this begins no page."""
    if not _PAGE.match(start.removeprefix(b"\xef\xbb\xbf")):
        return None
    title = _TITLE.search(start.decode(errors="replace"))
    return " ".join(unescape(title[1]).split()) if title else ""
