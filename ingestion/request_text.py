"""What was asked of an API or a database, as text: the ledger keeps it, and models read it.

    airport=JFK&station=JFK&from=2013-01-01T00:00Z&to=2013-02-01T00:00Z

Models find a field with `asked_for` (macros/staging/requests.sql). Secrets have no place here.
"""

from urllib.parse import parse_qsl, quote, urlencode


def encode(**fields: str) -> str:
    """The fields in their order; what would be taken for another field is escaped (`&` as `%26`)."""
    return urlencode(fields, safe=":/,+", quote_via=quote)


def decode(request: str) -> dict[str, str]:
    """The fields of a request. Raises ValueError for what `encode` does not write."""
    return dict(parse_qsl(request.replace("+", "%2B"), keep_blank_values=True, strict_parsing=True))
