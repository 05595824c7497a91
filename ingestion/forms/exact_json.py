"""JSON whose numbers stay as they are written: `0.10` is no 0.1, and 2 ** 64 loses no digit."""

import json
from typing import Any


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class RepeatedKeyError(ValueError):
    """A key stands twice in an object; json would let its last value win."""


class NoNumberError(ValueError):
    """`NaN` or `Infinity` stands for a number, which JSON does not have; the text says which."""


def decode(text: str) -> Any:
    """The value of a text; `NaN` and `Infinity`, which many programs write, are numbers.

    Raises json.JSONDecodeError, RepeatedKeyError and RecursionError.
    """
    return _DECODER.decode(text)


def decode_strictly(text: str) -> Any:
    """As `decode`, of JSON as RFC 8259 has it. Raises NoNumberError as well."""
    return _STRICT_DECODER.decode(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RepeatedKeyError
    return found


def _refuse(constant: str) -> Any:
    raise NoNumberError(constant)


_DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=Number, object_pairs_hook=_object
)
_STRICT_DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=_refuse, object_pairs_hook=_object
)
