"""Target `spark` without a JVM: models, tests and types are compiled for it, and read by another parser.

That the functions mean the same is shown by tests/dbt/singular/cross_db__means_the_same_on_each_engine.sql.
"""

from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from dbt.cli.main import dbtRunner
from sqlglot import Parser, TokenType, exp

from tests.projects import PROJECT

# What the parser does not know as a function, and Spark has (`show functions`).
FUNCTIONS_OF_SPARK = {"conv", "make_date", "timestamp_seconds", "try_to_timestamp"}

TYPES_OF_SPARK = {
    "BIGINT",
    "INT",
    "INTEGER",
    "DOUBLE",
    "DECIMAL",
    "NUMERIC",
    "STRING",
    "DATE",
    "TIMESTAMP",
    "BOOLEAN",
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's target folder with all that it compiled for Spark."""
    target = tmp_path_factory.mktemp("spark")
    compile_for_spark(target)
    return target


def compile_for_spark(target: Path, *arguments: str) -> Any:
    """`dbt compile` on target spark that asks no server: there is none."""
    no_questions = ("--no-introspect", "--no-populate-cache")
    places = ("--target", "spark", "--target-path", str(target), "--log-path", str(target))
    with pytest.MonkeyPatch.context() as environment:
        environment.chdir(PROJECT)
        environment.setenv("ONTIME_SPARK", "127.0.0.1:9")  # the port of `discard`: a connection would fail
        outcome = dbtRunner().invoke(["compile", *arguments, *places, *no_questions])
    assert outcome.success, outcome.exception
    return outcome.result


def findings(sql: str) -> list[str]:
    """What of a statement Spark does not have, as far as a parser can tell."""
    try:
        statements = sqlglot.parse(sql, dialect="spark", error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        return [str(error).split("\n")[0]]
    functions = {
        function.name.lower()
        for statement in statements
        if statement is not None
        for function in statement.find_all(exp.Anonymous)
    }
    return [f"unknown function {name}" for name in sorted(functions - FUNCTIONS_OF_SPARK)] + [
        f"no type of Spark: {name}" for name in types_of_casts(sql) if name not in TYPES_OF_SPARK
    ]


def types_of_casts(sql: str) -> list[str]:
    """As they are written, for the parser takes `text` for `string`: after `::`, or last after `as`."""
    tokens = sqlglot.tokenize(sql, dialect="spark")
    return [
        token.text.upper()
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if before.token_type == TokenType.DCOLON
        or (
            before.token_type == TokenType.ALIAS
            and token.token_type in Parser.TYPE_TOKENS
            and after.text in ("(", ")")
        )
    ]


def test_all_that_is_compiled_is_sql_of_spark(target: Path) -> None:
    files = sorted((target / "compiled").rglob("*.sql"))
    assert len(files) > len(list((PROJECT / "models").rglob("*.sql"))) / 2
    found = [f"{file.relative_to(target)}: {what}" for file in files for what in findings(file.read_text())]
    assert not found, "\n".join(found)


def test_types_of_contracts_and_seeds_are_types_of_spark(target: Path) -> None:
    names = {
        name
        for folder in ("models", "seeds")
        for file in sorted((PROJECT / folder).rglob("*.yml"))
        for name in types_in(yaml.safe_load(file.read_text()))
    }
    assert "text" in names
    casts = ", ".join(f"cast(null as {{{{ engine_type('{name}') }}}})" for name in sorted(names))
    (result,) = compile_for_spark(target, "--inline", f"select {casts}").results
    assert len(types_of_casts(result.node.compiled_code)) == len(names)
    assert findings(result.node.compiled_code) == []


def types_in(part: Any) -> list[str]:
    """Types of columns in a YAML file: `data_type` of contracts, `column_types` of seeds."""
    if isinstance(part, list):
        return [name for item in part for name in types_in(item)]
    if not isinstance(part, dict):
        return []
    own = [part["data_type"]] if isinstance(part.get("data_type"), str) else []
    own += part.get("column_types", {}).values()
    return own + [name for item in part.values() for name in types_in(item)]


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(a as text) from b",
        "select cast(a as double precision) from b",
        "select a::jsonb from b",
        "select pg_input_is_valid(a, 'date') from b",
        "select array[1, 2] @> a from b",
        "select from where",
    ],
)
def test_what_spark_has_not_is_found(sql: str) -> None:
    assert findings(sql)
