"""The accounts of the data that the quality page shows: their words stand in ../quality.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WORDS = Path(__file__).parents[1] / "quality.toml"


@dataclass(frozen=True)
class Account:
    """A question to the audit marts, `queries/<query>.sql`, and the words around its answer.

    `empty` is the sentence where there is nothing to show; `titles` and `digits` are of columns, `shown`
    is how many rows the page shows.
    """

    query: str
    title: str
    caption: str
    means: str
    to_do: str
    command: str
    empty: str
    titles: Mapping[str, str] = field(default_factory=dict)
    digits: Mapping[str, int] = field(default_factory=dict)
    shown: int = 50


def accounts() -> list[Account]:
    """In the order of the page."""
    return [Account(**given) for given in tomllib.loads(WORDS.read_text(encoding="utf-8"))["account"]]
