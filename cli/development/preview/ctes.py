"""One common table expression of a statement: the statement with `select * from` it as its end."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cli.development.preview.words import unknown
from ingestion.errors import OntimeError

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | (\$\w*\$).*?\1 | \w+ | \s+ | .""",
    re.VERBOSE | re.DOTALL,
)
_SKIPPED = re.compile(r"\s+|--.*|/\*.*", re.DOTALL)
# dbt's name for a model that is compiled in
_COMPILED_IN = "__dbt__cte__"


@dataclass(frozen=True)
class With:
    """The `with` of a statement: names in order, and where the list of them ends."""

    names: list[str]
    end: int


def with_of(sql: str) -> With:
    """The outermost `with` of a statement; without one, no names."""
    names: list[str] = []
    words = ((found[0], found.end()) for found in _TOKEN.finditer(sql) if not _SKIPPED.fullmatch(found[0]))
    end, separator = 0, "with"
    for word, _ in words:
        if word.lower() != separator:
            break
        name = _name(words)
        _pass(words, "as")  # its columns may stand before it
        _pass(words, "(")  # and `materialized` or `not materialized` behind it
        names.append(name)
        end, separator = _end_of_body(words), ","
    return With(names, end)


def _name(words: Iterator[tuple[str, int]]) -> str:
    """The name of an expression, which folds to lower case unless it is quoted."""
    word = next((word for word, _ in words if word.lower() != "recursive"), "")
    return word[1:-1].replace('""', '"') if word.startswith('"') else word.lower()


def _pass(words: Iterator[tuple[str, int]], wanted: str) -> None:
    """Go on behind a word that stands in no parentheses."""
    for word, _ in words:
        if word.lower() == wanted:
            return
        if word == "(":
            _end_of_body(words)


def _end_of_body(words: Iterator[tuple[str, int]]) -> int:
    """Where the parentheses end that were opened before."""
    depth = 1
    for word, end in words:
        depth += {"(": 1, ")": -1}.get(word, 0)
        if not depth:
            return end
    return 0


def only_cte(sql: str, name: str, model: str) -> str:
    """The statement that gives the rows of one of its expressions. OntimeError for a name it has not."""
    found = with_of(sql)
    own = [it for it in found.names if not it.startswith(_COMPILED_IN)]
    if not own:
        raise OntimeError(f"{model} has no common table expression", f"see its rows: ontime preview {model}")
    if name not in found.names:
        raise unknown(f"common table expression of {model} named", name, own, f"it has {', '.join(own)}")
    quoted = name.replace('"', '""')
    return f'{sql[: found.end]}\nselect * from "{quoted}"'
