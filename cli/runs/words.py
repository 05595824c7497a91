"""A command as it is kept and shown: what to type to repeat it, without the secrets that it was given.

What stands for one, HIDDEN, is to be filled in before the command is repeated.
"""

import re
import shlex
from collections.abc import Iterator, Sequence

from ingestion.finding.fetch.addresses import HIDDEN, is_web, scheme_of, shown

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_SECRET_OPTIONS = ("--vars",)  # what models are given may be secret
_LONGEST = 2000  # characters: of a thousand files that a shell put there, the first ones tell which


def command_of(words: Sequence[str]) -> str:
    """The command of these words, quoted for a shell, without `ontime`."""
    command = " ".join(word if word == HIDDEN else shlex.quote(word) for word in _shown(words))
    return storable(command if len(command) <= _LONGEST else f"{command[:_LONGEST]} {HIDDEN}")


def job_of(words: Sequence[str]) -> str:
    """A name for all runs of a kind: `build`, or `load.bts`, `spark.build` where one word says too little."""
    command, *others = words
    what = next(iter(others), "")
    return f"{command}.{what}" if command in ("load", "spark", "run") and what.isidentifier() else command


def storable(text: str) -> str:
    """A text as a database takes it: without NUL, and bytes that are no UTF-8 as `\\udcNN`."""
    return text.replace("\0", "").encode("utf-8", "backslashreplace").decode()


def name_of_file(name: str) -> str:
    """The name of a file that came from anywhere: what follows a `?` in it may be the query of an address."""
    safe = without_secrets_of_addresses(name)
    path, asked, _ = safe.partition("?")
    return storable(path + (f"?{HIDDEN}" if asked else ""))


def without_secrets_of_addresses(text: str) -> str:
    """A word or a sentence whose addresses are shown without user, password and the values of their query."""
    if scheme_of(text):  # as a whole: a password may have a space in it
        return _shown_address(text)
    return _ADDRESS.sub(lambda found: _shown_address(found[0]), text)


def _shown(words: Sequence[str]) -> Iterator[str]:
    is_secret = False
    for word in words:
        option, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
        if is_secret:
            yield HIDDEN
        elif option in _SECRET_OPTIONS and equals:
            yield f"{option}={HIDDEN}"
        else:
            yield option + equals + without_secrets_of_addresses(value)
        is_secret = word in _SECRET_OPTIONS


def _shown_address(address: str) -> str:
    safe = shown(address)
    if not is_web(address) and "?" in safe:  # of a web address only the values are gone
        safe = f"{safe.partition('?')[0]}?{HIDDEN}"
    has_user = "@" in address.partition("://")[2].partition("/")[0]
    return safe.replace("://", f"://{HIDDEN}@", 1) if has_user else safe
