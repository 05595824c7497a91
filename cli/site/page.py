"""What a page is: its place, its template, and what the template and the charts are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Page:
    """`<name>.html`, rendered from `templates/<template>` with `context`.

    `scripts` are files of `assets/` that the page loads, in order, after site.js; `data` is what they draw:
    each key becomes `data/<name>-<key>.js`, which hands its value to `ontime.receive(key, value)`. Keys in
    `first` are loaded with the page, the others when a script asks by `ontime.load(key)`.

    `styles` are sheets of `assets/` after site.css; `parts` are pages below this one, which the navigation
    leaves out. `feeds` are files beside it that programs follow, each with its template.
    """

    name: str
    title: str
    description: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    has_charts: bool = False
    parts: "tuple[Page, ...]" = ()
    feeds: Mapping[str, str] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        return f"{self.name}.html"
