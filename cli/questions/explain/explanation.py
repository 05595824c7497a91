"""What `explain` gives: the proof of one figure, for people and for programs."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from cli.questions.explain.proof import Proof, spelled
from cli.questions.explain.words import text_of


@dataclass(frozen=True)
class Explanation(Proof):
    """One figure and its proof."""

    def as_text(self) -> str:
        """For people, in lines of 100 columns at most."""
        return text_of(self)

    def as_dict(self) -> dict[str, Any]:
        """For programs: what json.dumps writes. Numbers with decimals are texts, so that no digit is lost."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_plain))
        return plain


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else spelled(value)
