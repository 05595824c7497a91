"""What addresses say, and how they are shown: without their secrets."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from netrc import NetrcParseError, netrc
from pathlib import Path
from urllib.parse import quote, unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_WEB = ("http", "https")
# what a host is not, is the part of a password before a slash in it
_HOST = re.compile(r"(\[[^]]*\]|[^:]*)(:\d*)?")
_SHORTEST_SECRET = 4  # characters of a value in a query; shorter ones, as of `?v=1`, stand in any text
HIDDEN = "..."  # stands for a secret where an address is shown
_LONGEST_NAME = 200  # bytes; file systems take 255


def scheme_of(address: str | Path) -> str | None:
    """The scheme of an address in lower case, such as `https`; None for a path."""
    found = _SCHEME.match(address) if isinstance(address, str) else None
    return found[1].lower() if found else None


def is_web(address: str | Path) -> bool:
    """Whether it is an http or https address."""
    return scheme_of(address) in _WEB


def shown(address: str | Path) -> str:
    """An address without user, password, fragment and the values of its query: each may be a secret."""
    scheme = scheme_of(address)
    if scheme is None:
        return str(address)
    host, path, query = _parts(str(address))
    names = "&".join(map(_without_value, query.split("&")))
    host = host.rpartition("@")[2]
    if not _HOST.fullmatch(host):
        return f"{scheme}://{HIDDEN}"
    return f"{scheme}://{host}{path}" + (f"?{names}" if query else "")


def secrets_of(address: str | Path) -> list[str]:
    """What no message may show: the password of an address, here or in ~/.netrc, the values of its query."""
    if scheme_of(address) is None:
        return []
    host, _, query = _parts(str(address))
    password = host.rpartition("@")[0].partition(":")[2]
    values = [pair.rpartition("=")[2] for pair in query.split("&")]
    with suppress(OSError, NetrcParseError):
        found = netrc(os.environ.get("NETRC")).authenticators(host.rpartition("@")[2].partition(":")[0])
        password = password or (found[2] if found else "")
    return [password, *(value for value in values if len(value) >= _SHORTEST_SECRET)]


def without_secrets(text: str, secrets: Iterable[str | None]) -> str:
    """A text that may come from a server, which may send back what it was sent: secrets become `***`."""
    forms = {
        form for secret in secrets if secret for form in (secret, unquote(secret), quote(secret, safe=""))
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def last_part(address: str) -> str:
    """The name of the file that an address names, fit for a file of this machine; else `download`."""
    _, path, _ = _parts(address)
    name = path.rpartition("/")[2]
    if is_web(address):
        name = unquote(name).replace("/", "_").replace("\0", "_")
    return name.encode()[-_LONGEST_NAME:].decode(errors="ignore") if name.strip(".") else "download"


def _without_value(pair: str) -> str:
    """`name=...` for a part of a query; what stands there without a name is a value."""
    name, equals, _ = pair.partition("=")
    return f"{name}={HIDDEN}" if equals else HIDDEN


def _parts(address: str) -> tuple[str, str, str]:
    """Host or bucket, path and query. `?` and `#` belong to the key of an object in a bucket."""
    _, _, rest = address.partition("://")
    query = ""
    if is_web(address):
        rest, _, _ = rest.partition("#")
        rest, _, query = rest.partition("?")
    host, slash, path = rest.partition("/")
    return host, slash + path, query
