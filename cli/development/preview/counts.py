"""How many rows a model has now, and how many production has of the same."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors

from cli.development.preview import history
from cli.development.preview.above import Production
from cli.development.preview.history import Chosen
from cli.development.preview.messages import Message
from cli.development.preview.statement import Statement, dates, month_column, where
from cli.development.production import is_mart, published_name

SECONDS = 20


@dataclass(frozen=True)
class Count:
    """How many rows, or why they were not counted."""

    rows: int | None
    why: str = ""


def counts(opened: Any, asked: Statement, production: Production, chosen: Chosen) -> Message:
    """Rows of now and of production; `why` says what was not counted, and why not."""
    now = count(opened, f"select * from (\n{asked.rows}\n) as preview{where(*asked.conditions)}")
    message: Message = {"now": now.rows, "why": now.why, "published": None, "relation": ""}
    if asked.cte or now.rows is None:
        return message
    relation = published_name(asked.made.node)
    condition = _the_same_rows(asked.made.node, chosen)
    if relation not in production.relations:
        message["why"] = "nothing of it is in production"
    elif condition is None:
        message["why"] = "not compared with production, which has other months or files too"
    else:
        conditions = [*asked.conditions, *filter(None, [condition])]
        there = count(opened, f"select * from {relation}{where(*conditions)}")
        message.update(published=there.rows, why=there.why, relation=relation)
    return message


def count(opened: Any, statement: str) -> Count:
    with suppress(psycopg2.Error):
        opened.rollback()
    try:
        with opened.cursor() as cursor:
            cursor.execute("set statement_timeout = %s", [f"{SECONDS}s"])
            cursor.execute(f"select count(*) from (\n{statement}\n) as counted")
            ((found,),) = cursor.fetchall()
            return Count(int(found))
    except errors.QueryCanceled:
        return Count(None, f"not counted within {SECONDS} s")
    except psycopg2.Error as error:
        return Count(None, f"cannot be counted: {error.diag.message_primary or str(error).strip()}")


def _the_same_rows(node: Any, chosen: Chosen) -> str | None:
    """Which rows of production are of the same months; None where that cannot be said."""
    settings = history.settings(node)
    if settings:
        return _current_versions(node, settings["slice"], chosen)
    if not chosen.of_model or not chosen.others:
        return ""
    column = month_column(node)
    return f"{column} in ({dates(chosen.of_model)})" if column and is_mart(node) else None


def _current_versions(node: Any, slices: str, chosen: Chosen) -> str | None:
    if slices != "month" and not chosen.all_files:
        return None
    months = ""
    if chosen.of_model:
        months = f" and known_to_utc is null and data_month in ({dates(chosen.of_model)})"
    versions = f"{node.schema}.int_{slices}s__versions"
    return f"version_id in (select version_id from {versions} where model_name = '{node.name}'{months})"
