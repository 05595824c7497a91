"""The library that draws the charts: Vega-Lite with all that it needs, in one file, from a locked package."""

from functools import cache
from pathlib import Path

FILE_NAME = "vega.js"

_ON_THE_WINDOW = "window.vega = vega; window.vegaEmbed = vegaEmbed;"


def write_library(folder: Path) -> bool:
    """Write FILE_NAME to a folder; returns whether the package that has it is installed."""
    if (library := _library()) is None:
        return False
    (folder / FILE_NAME).write_text(library, encoding="utf-8")
    return True


@cache
def _library() -> str | None:
    """Vega, Vega-Lite and vega-embed, as `vega` and `vegaEmbed` of a window (2 s, 898 kB)."""
    try:
        import vl_convert
    except ImportError:
        return None
    text: str = vl_convert.javascript_bundle(_ON_THE_WINDOW)
    return text
