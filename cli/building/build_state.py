"""What is published, of code and of inputs: what a build compares itself with, without importing dbt.

The state lies in the database beside the publication (build_state.sql), so that every machine sees it, and
becomes valid in the transaction that publishes. It holds fingerprints only. What it is compared with:

- the files of the project, byte for byte, and what else dbt reads: versions, variables, environment values;
- the ledgers: which files have landed, by source and dataset; the columns of the raw tables;
- the relations that it speaks of, and whether a run touched them since.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from ingestion.database import identity
from ingestion.sources import SOURCES

FORMAT = 2
TABLES = Path(__file__).with_suffix(".sql")

PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "packages.yml", "dependencies.yml", "selectors.yml")
PROJECT_FOLDERS = ("models", "macros", "seeds", "tests/dbt")
ENV_VAR = re.compile(r"""env_var\(\s*['"](\w+)['"]""")
# Where the server is, where dbt writes files, and what one build hands to it: no part of what is built.
NOT_OF_THE_STATE = re.compile(r"PG\w+|USER|DBT_(TARGET|LOG)_PATH|ONTIME_BUILD_\w+")

Cursor = psycopg2.extensions.cursor
Reasons = dict[str, str]
Lost = dict[str, tuple[str, str]]  # kind of the run that it takes (build_plan.py), and why


@dataclass(frozen=True)
class Fingerprint:
    """`logic` is what a node's rows depend on, `words` are its descriptions in the database."""

    logic: str
    words: str


@dataclass(frozen=True)
class State:
    """What was published.

    `inputs` and `columns` by `source.dataset`, `nodes` and `relations` by dbt's unique_id.
    """

    project: str
    environment: dict[str, str]
    inputs: dict[str, str]
    columns: dict[str, str] = field(default_factory=dict)
    common: str = ""
    nodes: dict[str, Fingerprint] = field(default_factory=dict)
    relations: dict[str, list[str]] = field(default_factory=dict)

    def as_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "State":
        """Raises TypeError, KeyError or ValueError for what this version did not write."""
        fields = dict(stored)
        if fields.pop("format") != FORMAT:
            raise ValueError("another format")
        nodes = {uid: Fingerprint(**fingerprint) for uid, fingerprint in fields.pop("nodes").items()}
        return cls(nodes=nodes, **fields)


def make_tables(cursor: Cursor) -> None:
    cursor.execute(TABLES.read_text())


def digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]


def project_digest(project: Path) -> str:
    """Of all files that dbt reads, byte for byte: equal means that nothing was edited."""
    hashed = hashlib.sha256()
    for path in project_files(project):
        hashed.update(f"{path.relative_to(project)}\0{path.stat().st_size}\0".encode())
        hashed.update(path.read_bytes())
    return hashed.hexdigest()[:32]


def project_files(project: Path) -> list[Path]:
    single = [project / name for name in PROJECT_FILES]
    folders = [path for folder in PROJECT_FOLDERS for path in (project / folder).rglob("*")]
    return sorted(path for path in (*single, *folders) if path.is_file())


def environment(project: Path, variables: str) -> dict[str, str]:
    """What else decides what dbt builds, by name; values as digests, for they may be secret."""
    texts = [path.read_text() for path in project_files(project) if path.suffix in (".yml", ".sql")]
    read = {name for text in texts for name in ENV_VAR.findall(text)}
    read |= {name for name in os.environ if name.startswith("DBT_")}
    return {
        **{f"version of {package}": version(package) for package in ("dbt-core", "dbt-postgres")},
        **{
            f"environment variable {name}": digest(os.environ.get(name, ""))
            for name in sorted(read)
            if not NOT_OF_THE_STATE.fullmatch(name)
        },
        "--vars": digest(variables),
    }


DECISIONS = "raw.decisions"
_DECIDED = sql.SQL("select file_no, max(decision_no) as decided from raw.decisions group by file_no")


def inputs(cursor: Cursor) -> dict[str, str]:
    """Of each dataset that has landed: a digest of its files and of what was decided on them, and of all
    decisions. psycopg2.Error where a ledger is missing.
    """
    ledgers = sql.SQL(" union all ").join(
        sql.SQL(
            "select {source} || '.' || dataset, count(*) || ' files, ' || "
            "md5(string_agg(concat_ws(' ', file_no, file_id, decided), ',' order by file_no)) from {ledger} "
            "left join decided using (file_no) group by dataset"
        ).format(source=sql.Literal(source.name), ledger=sql.Identifier(source.raw_schema, "files"))
        for source in SOURCES.values()
    )
    decisions = sql.SQL("select {}, count(*) || ' decisions' from raw.decisions").format(
        sql.Literal(DECISIONS)
    )
    cursor.execute(sql.SQL("with decided as ({}) {} union all {}").format(_DECIDED, ledgers, decisions))
    return dict(cursor.fetchall())


def raw_columns(cursor: Cursor) -> dict[str, str]:
    """Of each raw table: a digest of its columns. A view shows those that were there when it was made."""
    cursor.execute(
        "select relnamespace::regnamespace::text, relname, "
        "md5(string_agg(attname || ' ' || atttypid::regtype, ',' order by attnum)) "
        "from pg_attribute inner join pg_class on pg_class.oid = attrelid "
        "where relkind = 'r' and attnum > 0 and not attisdropped "
        "and relnamespace::regnamespace::text = any(%s) group by 1, 2",
        [[source.raw_schema for source in SOURCES.values()]],
    )
    sources = {source.raw_schema: source.name for source in SOURCES.values()}
    return {f"{sources[schema]}.{table}": columns for schema, table, columns in cursor.fetchall()}


def checksum(cursor: Cursor, text: str) -> str:
    """Of a state in this database: one that was edited, or came here in a dump, has another."""
    return digest(identity(cursor), text)


def published_state(cursor: Cursor) -> State | str:
    """The published state, or why there is none to compare with."""
    cursor.execute(
        "select to_regclass('ops.build_state') is not null, to_regclass('marts.month_versions') is not null"
    )
    ((has_state, is_published),) = cursor.fetchall()
    if not has_state:
        by_whom = "what is published is of an older version of ontime, which kept no state of it"
        return by_whom if is_published else "nothing was published yet"
    cursor.execute("select state, checksum from ops.build_state where published_at is not null")
    found = cursor.fetchall()
    if len(found) != 1:
        return "the last publication left no state"
    stored, expected = found[0]
    if checksum(cursor, json.dumps(stored, sort_keys=True)) != expected:
        return "the state of the last publication was edited, or is of another database"
    try:
        return State.from_json(stored)
    except (TypeError, KeyError, ValueError):
        return "the state of the last publication is of another version of ontime"


def no_longer_there(cursor: Cursor, state: State) -> Lost:
    """Nodes that have to be built again: their relation is gone, or a run touched them since."""
    cursor.execute(
        "select relnamespace::regnamespace || '.' || relname from pg_class where relkind in ('r', 'v')"
    )
    there = {name for (name,) in cursor.fetchall()}
    cursor.execute("select unique_id, kind from ops.touched_nodes")
    touched = {uid: (kind, "was built since, and not published") for uid, kind in cursor.fetchall()}
    gone = {
        uid: ("logic", "is gone") for uid, names in state.relations.items() if not there.issuperset(names)
    }
    return touched | gone


def differing(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names under which something else stands, or stood."""
    return [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]


def save(cursor: Cursor, plan_id: str, state: State, kinds: Mapping[str, str], files: Iterable[str]) -> None:
    """Write down what a build is about to do; the publication makes it count. Commits nothing."""
    text = state.as_json()
    for table in ("build_plan", "build_files"):
        cursor.execute(sql.SQL("truncate {}").format(sql.Identifier("ops", table)))
    cursor.execute("delete from ops.build_state where published_at is null")
    cursor.execute(
        "insert into ops.build_state (plan_id, state, checksum) values (%s, %s, %s)",
        [plan_id, text, checksum(cursor, text)],
    )
    cursor.execute(
        "insert into ops.build_plan (plan_id, unique_id, kind) "
        "select %s, key, value from jsonb_each_text(%s)",
        [plan_id, json.dumps(dict(kinds))],
    )
    for schema in files:
        cursor.execute(
            sql.SQL("insert into ops.build_files select %s, file_no from {}").format(
                sql.Identifier(schema, "files")
            ),
            [plan_id],
        )
    cursor.execute("insert into ops.build_files select %s, decision_no from raw.decisions", [plan_id])


def save_as_published(cursor: Cursor, state: State) -> None:
    """Bring the published state up to date where nothing had to be built."""
    text = state.as_json()
    cursor.execute(
        "update ops.build_state set state = %s, checksum = %s where published_at is not null",
        [text, checksum(cursor, text)],
    )
