"""From a place in compiled SQL to the line of the model that wrote it.

Jinja keeps no such map. So the model is compiled once more, after an error only, with a comment at the
beginning of each line that is no Jinja; the last comment before the place tells the line. White space is not
compared, since `{%-` takes it away or not.
"""

import re

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARK = re.compile(r"/\*line (\d+) of (\w+)\*/")
_SPACE = re.compile(r"\s+")


def marked(raw: str, model: str) -> str:
    """A model's code with the mark of each line in front of it, where that is outside of Jinja."""
    inside = [(found.start(), found.end()) for found in _JINJA.finditer(raw)]
    parts, place = [], 0
    for number, line in enumerate(raw.splitlines(keepends=True), start=1):
        while inside and inside[0][1] <= place:
            inside.pop(0)
        is_outside = not inside or not inside[0][0] < place < inside[0][1]
        parts.append(f"/*line {number} of {model}*/{line}" if is_outside else line)
        place += len(line)
    return "".join(parts)


def place_of(compiled: str, position: int, compiled_with_marks: str) -> tuple[str, int] | None:
    """Model and line of the character at `position` (from 0), or None where the two do not agree."""
    if _without_space(compiled) != _without_space(_MARK.sub("", compiled_with_marks)):
        return None
    before = len(_without_space(compiled[:position]))
    seen, last = 0, None
    pieces = _MARK.split(compiled_with_marks)
    for text, number, model in zip(pieces[::3], [*pieces[1::3], ""], [*pieces[2::3], ""], strict=True):
        seen += len(_without_space(text))
        if seen > before:
            break
        if number:
            last = model, int(number)
    return last


def _without_space(text: str) -> str:
    return _SPACE.sub("", text)
