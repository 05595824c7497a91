"""`ontime sql`: answers are exact in every format, questions cannot write, errors say what to do."""

import csv
import io
import json
import re
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import main
from cli.questions.query import NULL, TABLE_ROWS, ask
from cli.server.connections import connection
from cli.server.process import server
from cli.server.roles import bootstrap
from ingestion.errors import OntimeError
from tests.servers import ONTIME, ontime

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module", autouse=True)
def mart(database: str) -> None:
    with closing(connection("transformer").connect()) as opened, opened, opened.cursor() as cursor:
        cursor.execute("create table marts.trial as select 1 as n; create sequence marts.numbers")


def answer(statement: str, form: str) -> str:
    out = io.StringIO()
    ask(statement, form, out)
    return out.getvalue()


def from_json(statement: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(answer(statement, "json"), parse_float=Decimal)
    return rows


# CSV


def test_csv_keeps_every_value(database: str) -> None:
    texts = [
        "plain",
        "",
        None,
        'a "quote"',
        "a,b",
        "two\nlines",
        "cr\r",
        " padded ",
        "NA",
        "ü",
        "\\N",
        "=1+1",
    ]
    values = ", ".join(f"({'null' if text is None else '$$' + text + '$$'})" for text in texts)
    written = answer(f"select t as a, t as b from (values {values}) as v (t)", "csv")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows == [["a", "b"], *([text or "", text or ""] for text in texts)]


def test_csv_tells_null_from_an_empty_text(database: str) -> None:
    assert answer("select null as a, '' as b, null as c", "csv") == 'a,b,c\n,"",\n'


def test_csv_spells_values_as_postgres_does(database: str) -> None:
    written = answer(
        "select 12345678901234567890.1234567890 as exact, 0.1::float8 as float, true as yes, "
        "timestamp '2013-01-01 05:15' as at, date '2013-01-01' as day, array[1, null] as list",
        "csv",
    )
    expected = '12345678901234567890.1234567890,0.1,true,2013-01-01 05:15:00,2013-01-01,"{1,NULL}"'
    assert written.splitlines()[1] == expected


def test_csv_of_no_rows_is_the_header(database: str) -> None:
    assert answer("select n, n as m from marts.trial where false", "csv") == "n,m\n"


# JSON


def test_json_numbers_are_exact_numbers(database: str) -> None:
    [row] = from_json(
        "select 12345678901234567890.1234567890 as exact, 9223372036854775807 as big, 0.1::float8 as float, "
        "-2.50 as cents, 'NaN'::float8 as nan, 'Infinity'::numeric as endless"
    )
    assert row == {
        "exact": Decimal("12345678901234567890.1234567890"),
        "big": 9223372036854775807,
        "float": Decimal("0.1"),
        "cents": Decimal("-2.50"),
        "nan": "NaN",
        "endless": "Infinity",
    }
    assert str(row["cents"]) == "-2.50"


def test_json_timestamps_are_iso(database: str) -> None:
    [row] = from_json(
        "select timestamp '2013-01-01 05:15' as local, timestamptz '2013-01-01 05:15:00.5+01' as utc, "
        "date '2013-01-01' as day, 'infinity'::timestamp as never"
    )
    assert row == {
        "local": "2013-01-01T05:15:00",
        "utc": "2013-01-01T04:15:00.5+00:00",
        "day": "2013-01-01",
        "never": "infinity",
    }


def test_json_of_everything_else(database: str) -> None:
    [row] = from_json(
        """select null as n, '' as empty, true as yes, false as no, E'a"b\\n\\x1b' as text, 'ü' as "na""me",
                  array[1, null, 3] as list, array[['a', null], ['c,"', '']] as grid,
                  array[true, false] as flags, array[1.10, 2] as exact,
                  array[timestamp '2013-01-01 05:15'] as times, '{}'::int[] as none,
                  '{"a": [1.10, null]}'::jsonb as doc, interval '90 minutes' as span"""
    )
    assert row == {
        "n": None,
        "empty": "",
        "yes": True,
        "no": False,
        "text": 'a"b\n\x1b',
        'na"me': "ü",
        "list": [1, None, 3],
        "grid": [["a", None], ['c,"', ""]],
        "flags": [True, False],
        "exact": [Decimal("1.10"), 2],
        "times": ["2013-01-01T05:15:00"],
        "none": [],
        "doc": {"a": [Decimal("1.10"), None]},
        "span": "01:30:00",
    }


def test_json_of_no_rows_and_of_many(database: str) -> None:
    assert from_json("select 1 as n where false") == []
    assert [row["n"] for row in from_json("select n from generate_series(1, 5000) as n")] == list(
        range(1, 5001)
    )


def test_json_refuses_two_columns_of_one_name(database: str) -> None:
    with pytest.raises(OntimeError, match='two columns are named "n"'):
        answer("select 1 as n, 2 as n", "json")


# Table


def test_table_shows_nulls_and_counts_rows(database: str) -> None:
    shown = answer("select 1 as n, null as missing, '' as empty union all select 22, 'x', 'y'", "table")
    assert NULL in shown
    assert shown.splitlines()[-1] == "(2 rows)"
    assert answer("select 1", "table").splitlines()[-1] == "(1 row)"
    assert answer("select 1 where false", "table").splitlines()[-1] == "(0 rows)"


@pytest.mark.parametrize(
    ("rows", "footer"), [(TABLE_ROWS, "(200 rows)"), (TABLE_ROWS + 1, "(the first 200 rows;")]
)
def test_table_ends_early_and_says_so(database: str, rows: int, footer: str) -> None:
    shown = answer(f"select n from generate_series(1, {rows}) as n", "table").splitlines()
    assert shown[-1].startswith(footer)
    assert sum(bool(re.search(r"\d", line)) for line in shown[:-1]) == TABLE_ROWS


def test_table_never_gives_control_characters_to_the_terminal(database: str) -> None:
    shown = answer(r"select E'\x1b[31mred\r\n' as x, '[bold]markup' as y", "table")
    assert r"\x1b[31mred\r\n" in shown
    assert "[bold]markup" in shown


def test_table_is_whole_in_a_pipe_and_one_value_a_line_on_a_narrow_terminal(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    statement = "select repeat('a', 60) as first, repeat('b', 100) as second"
    assert f"{'a' * 60} │ {'b' * 100}" in answer(statement, "table")
    monkeypatch.setenv("TERM", "dumb")  # 80 columns, no colours
    out = Terminal()
    ask(statement, "table", out)
    assert re.search(r"first +│ a{60}", out.getvalue())
    assert re.search(r"second +│ b{60}", out.getvalue())
    assert out.getvalue().count("b") == 100, "a long value is broken over lines, not cut"


# What cannot be asked


@pytest.mark.parametrize(
    "statement",
    [
        "select 1; select 2",
        "select 1; insert into marts.trial values (2)",
        "commit; drop table marts.trial",
    ],
)
def test_only_one_statement(database: str, statement: str) -> None:
    with pytest.raises(OntimeError, match="not one statement"):
        answer(statement, "csv")


@pytest.mark.parametrize(
    "statement",
    [
        "insert into marts.trial values (2) returning n",
        "with gone as (delete from marts.trial returning n) select * from gone",
        "select nextval('marts.numbers')",
        "create table marts.mine as select 1",
        "select set_config('transaction_read_only', 'off', false)",
        "set role transformer",
        "select * from pg_authid",
    ],
)
def test_nothing_is_written_and_nothing_secret_read(database: str, statement: str) -> None:
    with pytest.raises(OntimeError):
        answer(statement, "csv")
    assert answer("select n from marts.trial", "csv") == "n\n1\n"


def test_a_trailing_semicolon_explain_and_show_are_fine(database: str) -> None:
    assert answer("select 1 as n;", "csv") == "n\n1\n"
    assert "Seq Scan" in answer("explain select * from marts.trial", "csv")
    assert answer("show search_path", "csv").startswith("search_path\n")


def test_a_question_that_takes_too_long_is_ended(database: str) -> None:
    with closing(connection("postgres").connect()) as opened, opened:
        opened.cursor().execute("alter role reporter set statement_timeout = '1s'")
    try:
        with pytest.raises(OntimeError, match="statement timeout") as failure:
            answer("select pg_sleep(60)", "csv")
        assert "ask for less" in failure.value.remedy
    finally:
        bootstrap()


# Errors


def test_an_error_points_at_its_place(database: str) -> None:
    with pytest.raises(OntimeError) as failure:
        answer("select n\nfrom marts.trial\nwhere nn > 1", "csv")
    message = failure.value.message.splitlines()
    assert message == ['column "nn" does not exist', "  line 3: where nn > 1", " " * 16 + "^"]


def test_an_error_in_the_middle_of_the_answer_is_told(database: str) -> None:
    with pytest.raises(OntimeError, match="division by zero"):
        answer("select 1 / (4000 - n) as x from generate_series(1, 5000) as n", "csv")


def test_an_unknown_table_leads_to_the_list_of_tables(database: str) -> None:
    with pytest.raises(OntimeError) as failure:
        answer("select * from marts.nope", "csv")
    suggested = re.search(r'ontime sql "(.*)"', failure.value.remedy)
    assert suggested
    assert "trial" in answer(suggested[1], "csv")


@pytest.mark.parametrize("statement", ["", " ;", "-- x", "/* x\n */ -- y\n;"])
def test_no_statement_at_all(database: str, statement: str) -> None:
    with pytest.raises(OntimeError, match="no statement, only comments"):
        answer(statement, "csv")


def test_nul_in_the_statement(database: str) -> None:
    with pytest.raises(OntimeError, match="NUL"):
        answer("select '\0'", "csv")


# The command


def test_command_writes_the_answer_to_stdout_and_nothing_else(database: str) -> None:
    done = ontime("sql", "select n from marts.trial", "--format", "csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "n\n1\n", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-- which\nselect 1 as one", "--format", "csv"], "one\n1\n"),
        (["--format", "csv", "--format is csv\nselect 1 as one"], "one\n1\n"),
        (["--format", "csv", "--", "-- which\nselect 1 as one"], "one\n1\n"),
        (["-- x"], "error: there is no statement, only comments or nothing"),
        (["--fromat", "csv", "select 1"], "No such option"),
    ],
    ids=["comment", "like an option", "after --", "only a comment", "a mistyped option"],
)
def test_command_takes_a_statement_that_begins_with_a_comment(
    database: str, arguments: list[str], said: str
) -> None:
    shown = CliRunner().invoke(main, ["sql", *arguments])
    assert said in shown.output


def test_command_reads_stdin(database: str) -> None:
    done = ontime("sql", "-", "--format", "json", stdin="select 'ü' as n")
    assert json.loads(done.stdout) == [{"n": "ü"}]


@pytest.mark.parametrize(("statement", "code"), [("select 1 where false", 0), ("select 1", 1)])
def test_command_as_a_check(database: str, statement: str, code: int) -> None:
    done = ontime("sql", "--expect-none", "--format", "csv", statement)
    assert done.returncode == code
    assert ("there are rows, and none was expected" in done.stderr) == bool(code)
    assert done.stdout == "?column?\n" + "1\n" * code


@pytest.mark.parametrize("options", [[], ["--debug"]])
def test_command_fails_without_traceback_and_without_passwords(database: str, options: list[str]) -> None:
    done = ontime(*options, "sql", "select * from pg_authid")
    assert done.returncode == 1
    assert done.stdout == ""
    assert ("Traceback" in done.stderr) is bool(options)
    assert not [password for password in server().passwords.values() if password in done.stderr]


def test_command_ends_quietly_when_its_reader_does(database: str) -> None:
    question = f"'{ONTIME}' sql 'select n from generate_series(1, 1000000) as n' --format csv | head -1"
    done = subprocess.run(["sh", "-c", question], capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("n\n", "")


# Runs a command and prints its peak of memory in KiB. In a process of its own, because a child counts the
# memory of the process that it was forked from, and that of a long test session is large.
PEAK_OF_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("form", ["csv", "json"])
def test_memory_does_not_grow_with_the_answer(database: str, form: str) -> None:
    question = "select n, repeat('x', 500) as filler from generate_series(1, 300000) as n"  # 150 MB
    command = [sys.executable, "-c", PEAK_OF_MEMORY, str(ONTIME), "sql", question, "--format", form]
    peak = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert peak < 80 * 1024, "in KiB"
