"""What client and process say to each other: a question, and messages that answer it, a line of JSON each."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

from ingestion.errors import LaterError, OntimeError

Message = dict[str, Any]
"""One of: {said}, {columns, facts, seconds}, {rows}, {rows_end, is_more}, {count}, {error}, {done};
of a trial {edited}, {trying}, {tried}."""

ROWS = 20


@dataclass(frozen=True)
class Question:
    """Which rows of which model. `months` are such as 2013-06..2013-08, or the word `all`."""

    model: str
    limit: int = ROWS
    where: str = ""
    columns: tuple[str, ...] = ()
    cte: str = ""
    months: tuple[str, ...] = ()
    is_counted: bool = True

    @classmethod
    def of(cls, message: Message) -> "Question":
        return cls(**{**message, "columns": tuple(message["columns"]), "months": tuple(message["months"])})


def send(stream: IO[str], message: Message) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def question_as_message(question: Question) -> Message:
    return {"preview": asdict(question)}


def received(stream: IO[str]) -> Iterator[Message]:
    """Messages until the other side has closed. Raises ConnectionError for half a one."""
    for line in stream:
        if not line.endswith("\n"):
            raise ConnectionError("half a message")
        yield json.loads(line)


def error_as_message(error: OntimeError) -> Message:
    said = {"message": error.message, "remedy": error.remedy, "is_later": isinstance(error, LaterError)}
    return {"error": said}


def raise_if_error(message: Message) -> None:
    if said := message.get("error"):
        raise (LaterError if said["is_later"] else OntimeError)(said["message"], said["remedy"])
