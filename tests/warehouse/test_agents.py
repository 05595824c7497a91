"""`ontime mcp` as the SDK's own client meets it: fifty questions, fifteen of them traps, and no wrong answer.

What is expected is computed by SQL of its own; a trap is refused, and names what there is instead.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters

from cli.main import main
from cli.questions.contracts import contracts
from cli.questions.explain import explain
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query
from tests.projects import PROJECT

COMMAND = ["-c", "from cli.main import main; main()", "mcp"]


@dataclass(frozen=True)
class Asked:
    """A question to `ask_metrics`, and SQL that gives the same rows in the same order."""

    metrics: str
    sql: str
    by: str = ""
    filters: dict[str, Any] = field(default_factory=dict)
    months: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        return {
            "metrics": self.metrics.split(),
            "by": self.by.split(),
            "filters": self.filters,
            "months": self.months.split(),
        }


F = "from marts.fct_flights"
ON_TIME = "100.0 * count(*) filter (where is_on_time) / count(is_on_time)"

FIGURES = [
    Asked("flights", f"select count(*) {F}"),
    Asked("flights", f"select count(*) {F} where flight_month = '2013-02-01'", months="2013-02"),
    Asked("flights", f"select count(*) {F} where flight_month < '2013-03-01'", months="2013-01..2013-02"),
    Asked("flights", f"select carrier_code, count(*) {F} group by 1 order by 1", by="carrier"),
    Asked("flights", f"select origin_airport_code_iata, count(*) {F} group by 1 order by 1", by="origin"),
    Asked("flights", f"select flight_month, count(*) {F} group by 1 order by 1", by="month"),
    Asked("on_time_pct", f"select {ON_TIME} {F}"),
    Asked("on_time_pct", f"select carrier_code, {ON_TIME} {F} group by 1 order by 1", by="carrier"),
    Asked("on_time_pct", f"select {ON_TIME} {F} where carrier_code = 'UA'", filters={"carrier": "UA"}),
    Asked(
        "on_time_pct",
        f"select carrier_code, {ON_TIME} {F} where origin_airport_code_iata = 'JFK' group by 1 order by 1",
        by="carrier",
        filters={"origin": "JFK"},
    ),
    Asked(
        "flights",
        f"select count(*) {F} where carrier_code in ('DL', 'AA') and flight_month = '2013-01-01'",
        filters={"carrier": ["DL", "AA"]},
        months="2013-01",
    ),
    Asked("cancelled", f"select count(*) filter (where is_cancelled) {F}"),
    Asked(
        "cancelled",
        f"select flight_month, count(*) filter (where is_cancelled) {F} group by 1 order by 1",
        by="month",
    ),
    Asked("mean_arr_delay", f"select avg(arr_delay_minutes) {F}"),
    Asked("mean_dep_delay", f"select avg(dep_delay_minutes) {F}"),
    Asked(
        "mean_arr_delay",
        f"select avg(arr_delay_minutes) {F} where destination_airport_code_iata = 'ATL'",
        filters={"destination": "ATL"},
    ),
    Asked(
        "flights mean_dep_delay",
        f"select origin_airport_code_iata, count(*), avg(dep_delay_minutes) {F} group by 1 order by 1",
        by="origin",
    ),
]

STATEMENTS = [
    "select count(*) as n from marts.fct_flights",
    "select carrier_code, carrier_name from marts.dim_carriers order by 1",
    "select flight_month, flights, late from marts.agg_month order by 1",
    "select sum(flights) as n from marts.agg_carrier_month",
    "select max(arr_delay_minutes) as longest from marts.fct_flights",
    "select percentile_cont(0.5) within group (order by arr_delay_minutes) as median from marts.fct_flights",
    "select carrier_code, late from marts.agg_carrier_month where flight_month = '2013-01-01' order by 1",
    "select count(*) as n from marts.dim_airports where country_code_iso = 'NA'",
    "values (1, 'a'), (2, null)",
    "select sum(rows_seen) as n from marts.audit_row_ledger",
]

DESCRIBED = ["fct_flights", "agg_carrier_month", "dim_carriers", "marts.agg_month", "audit_row_ledger"]

TRAPS: list[tuple[str, dict[str, Any], str]] = [
    ("ask_metrics", {"metrics": ["on_time_percent"]}, "did you mean on_time_pct"),
    ("ask_metrics", {"metrics": []}, "no metric is named"),
    ("ask_metrics", {"metrics": ["flights"], "months": ["2024-03"]}, "the nearest month that is: 2013-03"),
    (
        "ask_metrics",
        {"metrics": ["flights"], "months": ["2013-02..2013-05"]},
        "2013-04, 2013-05 is not loaded",
    ),
    ("ask_metrics", {"metrics": ["flights"], "filters": {"carrier": "UAL"}}, "did you mean UA"),
    (
        "ask_metrics",
        {"metrics": ["flights"], "filters": {"carrier": "UA' or '1'='1"}},
        "no flight has carrier",
    ),
    (
        "ask_metrics",
        {"metrics": ["flights"], "filters": {"origin": "'); drop table x; --"}},
        "no flight has origin",
    ),
    ("ask_metrics", {"metrics": ["flights"], "filters": {"1=1 or carrier": "UA"}}, "no way to divide"),
    (
        "ask_metrics",
        {"metrics": ["flights"], "by": ["airport_name"]},
        "destination__airport_name or origin__",
    ),
    ("ask_sql", {"statement": "select 1", "limit": 10_000_000}, "an answer has 1 to 1,000"),
    ("ask_sql", {"statement": "delete from marts.dim_carriers returning 1"}, "read-only"),
    ("ask_sql", {"statement": "select 1; drop table marts.dim_carriers"}, "not one statement"),
    (
        "ask_sql",
        {"statement": "select sum(median_arr_delay_minutes) from marts.agg_month"},
        "cannot be added up",
    ),
    ("ask_sql", {"statement": "select avg(on_time_pct) from marts.agg_carrier_month"}, "cannot be added up"),
    ("ask_sql", {"statement": "select * from raw_nycflights13.flights"}, "permission denied"),
    ("describe_mart", {"name": "fct_flight"}, "did you mean fct_flights"),
    ("explain_figure", {"subject": "on_time_percent"}, "on_time_pct"),
    ("ask_sql", {"statement": "select 1", "as_of": "1999-01-01"}, "the past begins with"),
    ("ask_metrics", {"metrics": ["flights"], "as_of": "1999-01-01"}, "the past begins with"),
    ("explain_figure", {"subject": "flights", "as_of": "last spring"}, "is no moment"),
    (
        "ask_sql",
        {"statement": "with a (x) as (select on_time_pct from marts.agg_month) select avg(x) from a"},
        "cannot be added up",
    ),
    (
        "ask_sql",
        {"statement": "select sum(n) from (select p90_arr_delay_minutes as n from marts.agg_month) as t"},
        "it is a percentile",
    ),
    ("account_for_rows", {"source": "nycflights"}, "did you mean nycflights13"),
]


@pytest.fixture(scope="module", autouse=True)
def sample(database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    begin_with(SAMPLE, tmp_path_factory.mktemp("sample"))


def by_stdio() -> StdioServerParameters:
    return StdioServerParameters(command=sys.executable, args=COMMAND, env=dict(os.environ), cwd=PROJECT)


def plain(value: Any) -> Any:
    """A value as JSON has it: dates as texts, figures with the four decimals of metrics."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if hasattr(value, "isoformat") else round(float(value), 4)


def rows_of(told: dict[str, Any]) -> list[list[Any]]:
    return [[plain(value) for value in row.values()] for row in told["rows"]]


async def told(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def run_apart(ask: Callable[..., Awaitable[None]], *arguments: object) -> None:
    """In a thread of its own: a browser of other tests in this process has a loop in the main one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(anyio.run, ask, *arguments).result()


def test_figures_are_those_of_sql() -> None:
    async def ask() -> None:
        async with Client(by_stdio()) as client:
            for asked in FIGURES:
                answer = await told(client, "ask_metrics", asked.arguments)
                expected = [[plain(value) for value in row] for row in query(asked.sql)]
                assert rows_of(answer) == expected, asked
                assert set(answer["definition"]) == set(asked.metrics.split())
                assert all(answer["definition"].values())
                first, _, last = (asked.months or "2013-01..2013-03").partition("..")
                assert answer["period"] == f"{first}..{last or first}"
                assert answer["release"]["run_id"]
                assert "no published totals" in answer["agreement"]
            for statement in STATEMENTS:
                answer = await told(client, "ask_sql", {"statement": statement})
                assert rows_of(answer) == [[plain(value) for value in row] for row in query(statement)]
                assert answer["truncated"] is False
            for name in DESCRIBED:
                contract = contracts()[name.removeprefix("marts.")]
                answer = await told(client, "describe_mart", {"name": name})
                assert [column["name"] for column in answer["columns"]] == [c.name for c in contract.columns]
                assert answer["key"] == list(contract.key)
            many = await told(
                client, "ask_sql", {"statement": "select * from generate_series(1, 5000)", "limit": 7}
            )
            assert (len(many["rows"]), many["truncated"]) == (7, True)
            assert "there are more" in many["note"]
            ledger = await told(client, "account_for_rows", {})
            seen = query("select sum(rows_seen), sum(rows_published) from marts.audit_row_ledger")[0]
            assert (
                sum(r["rows_seen"] for r in ledger["rows"]),
                sum(r["rows_published"] for r in ledger["rows"]),
            ) == seen
            assert "flights" in (await told(client, "list_metrics", {}))["metrics"]
            late = query("select late from marts.agg_month where flight_month = '2013-02-01'")[0][0]
            proof = await told(
                client, "explain_figure", {"subject": "marts.agg_month.late", "where": {"month": "2013-02"}}
            )
            assert proof == (
                proof
                | explain("marts.agg_month.late", {"month": "2013-02"}).as_dict()
                | {"seconds": proof["seconds"]}
            )
            assert str(late) in str(proof)
            (now,) = query("select to_char(now() at time zone 'UTC', 'YYYY-MM-DD')")[0]
            statement = "select sum(late) as late from marts.agg_month"
            then = await told(client, "ask_sql", {"statement": statement, "as_of": now})
            assert rows_of(then) == [[plain(value) for value in row] for row in query(statement)]
            assert then["release"].startswith("publication ")
            by_carrier = {"metrics": ["flights"], "by": ["carrier"]}
            then = await told(client, "ask_metrics", {**by_carrier, "as_of": now})
            assert rows_of(then) == rows_of(await told(client, "ask_metrics", by_carrier))
            assert (then["as_of"], then["release"].partition(" ")[0]) == (now, "publication")
            subject = {"subject": "flights", "where": {"month": "2013-02"}, "as_of": now}
            then = await told(client, "explain_figure", subject)
            assert (then["as_of"], then["recomputation"]["verdict"]) == (now, "equal")
            assert set((await told(client, "list_marts", {}))["marts"]) == set(contracts())

    run_apart(ask)


def test_traps_are_refused_with_what_there_is() -> None:
    before = query("select count(*) from marts.dim_carriers")

    async def ask() -> None:
        async with Client(by_stdio()) as client:
            for tool, arguments, expected in TRAPS:
                result = await client.call_tool(tool, arguments)
                said = "".join(getattr(part, "text", "") for part in result.content)
                assert result.is_error, (arguments, said)
                assert expected in said, (arguments, said)
                assert "\n-> " in said

    run_apart(ask)
    assert query("select count(*) from marts.dim_carriers") == before


@contextmanager
def listening() -> Iterator[str]:
    """The server on a free port of loopback, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, *COMMAND, "--http", "--port", str(port)], cwd=PROJECT, stderr=subprocess.DEVNULL
    ) as server:
        try:
            while True:
                assert server.poll() is None
                with socket.socket() as trying:
                    if trying.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.terminate()


def test_by_http_on_loopback() -> None:
    async def ask(address: str) -> None:
        async with Client(address) as client:
            answer = await told(client, "ask_metrics", {"metrics": ["flights"]})
            assert rows_of(answer) == [[float(query("select count(*) from marts.fct_flights")[0][0])]]

    with listening() as address:
        run_apart(ask, address)


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.delitem(sys.modules, "cli.agents.server", raising=False)
    said = CliRunner().invoke(main, ["mcp"])
    assert said.exit_code == 1
    assert "make agents" in said.output


def test_there_are_as_many_questions_as_the_page_says() -> None:
    page = Path(PROJECT, "docs", "agents.md").read_text()
    count = len(FIGURES) + len(STATEMENTS) + len(DESCRIBED) + 8 + len(TRAPS)
    assert f"{count} questions, {len(TRAPS)} of them traps" in page
