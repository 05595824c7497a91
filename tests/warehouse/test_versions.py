"""Month versions: cost follows the change. Built anew is what was restated, or what new logic feeds."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.ingestion.support import query, value
from tests.projects import ProjectCopy
from tests.states import History, history, last_publication, published

ALL_MONTHS = {201301, 201302, 201303}

FLIGHTS = "stg_nycflights13__flights"
WEATHER = "stg_nycflights13__weather"
MONTHS_BY = ("airport", "carrier", "carrier_airport", "flight_number", "route")

RECORDS = "models/intermediate/flights/int_flights__records.sql"
CLOCKS = "models/intermediate/flights/int_flights__clocks.sql"
TOTALS = "models/intermediate/performance/int_performance__totals.sql"
STAGED_FLIGHTS = "models/staging/nycflights13/stg_nycflights13__flights.sql"
STAGED_WEATHER = "models/staging/nycflights13/stg_nycflights13__weather.sql"
FACTS = "models/marts/core/fct_flights.sql"
MEASURES = "macros/measures/flights.sql"
DAYS = "macros/staging/clocks.sql"
TIME = "macros/cross_db/time.sql"


@pytest.fixture(scope="module")
def project(database: str, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """Three months, loaded and published."""
    return begin_with(SAMPLE, tmp_path_factory.mktemp("versions"))


@dataclass(frozen=True)
class Models:
    """The history models, read off the manifest that the build wrote."""

    nodes: dict[str, dict[str, Any]]

    def fed_by(self, name: str) -> set[str]:
        """Those that are made of a model's rows, and itself if it is one.

        What only says which versions there are feeds none.
        """
        return {model for model in self.of_months | self.of_files if name in self._above(model)}

    @property
    def of_months(self) -> set[str]:
        return self._of("month")

    @property
    def of_files(self) -> set[str]:
        return self._of("file")

    @property
    def of_restatements(self) -> set[str]:
        """Those that compare a release with the one before: a month has to be restated."""
        return {name for name in self.of_months if "reads" in self._history(name)}

    def _of(self, slice_of_data: str) -> set[str]:
        return {name for name in self.nodes if self._history(name).get("slice") == slice_of_data}

    def _history(self, name: str) -> dict[str, Any]:
        return dict(self.nodes[name]["config"]["meta"].get("history", {}))

    def _above(self, name: str) -> set[str]:
        found, todo = {name}, [name]
        while todo:
            for uid in self.nodes[todo.pop()]["depends_on"]["nodes"]:
                parent = uid.split(".")[-1]
                node = self.nodes.get(parent)
                if node and parent not in found and not node["config"]["meta"].get("is_bookkeeping"):
                    found.add(parent)
                    todo.append(parent)
        return found


@pytest.fixture(scope="module")
def models(project: ProjectCopy) -> Models:
    parsed = project.dbt("parse", "--target", "prod")
    assert parsed.code == 0, parsed.said
    manifest = json.loads(project.folder.joinpath("target", "manifest.json").read_text())
    return Models(
        {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    )


@pytest.fixture
def before(project: ProjectCopy) -> History:
    """What the tests before this one built."""
    return history()


def build(project: ProjectCopy, *arguments: str) -> None:
    built = project.build(*arguments)
    assert built.code == 0, built.said


def file_no(dataset: str) -> int:
    """The file of a dataset that was loaded last."""
    return int(value("select max(file_no) from raw_nycflights13.files where dataset = %s", dataset))


def files_of_dataset(dataset: str | None) -> set[int]:
    return {
        number
        for (number,) in query("select file_no from raw_nycflights13.files where dataset = %s", dataset)
    }


def late_flights() -> dict[int, int]:
    """Late flights of each month as readers see them in the aggregate."""
    return dict(
        query(
            """
            select extract(month from flight_month)::integer, sum(late)::integer
            from marts.agg_carrier_month group by 1
            """
        )
    )


def described(column: str) -> str:
    """What the published fct_flights says of a column."""
    return str(
        value(
            """
            select col_description(attrelid, attnum) from pg_attribute
            where attrelid = 'marts.fct_flights'::regclass and attname = %s
            """,
            column,
        )
    )


def late_in(records: list[samples.Record]) -> int:
    return sum(map(samples.is_late, records))


def test_a_restated_month_is_built_and_nothing_else(
    project: ProjectCopy, models: Models, before: History, tmp_path: Path
) -> None:
    assert late_flights() == {month: late_in(samples.flights(month)) for month in samples.MONTHS}
    restated = samples.restated(2)
    assert sum(a != b for a, b in zip(restated, samples.flights(2), strict=True)) == 10

    project.load(samples.write(tmp_path / "flights_2013_02.csv", restated))
    build(project)

    after = history()
    new_file = {file_no("flights")}
    fed = models.fed_by(FLIGHTS)
    built = {model: new_file if model in models.of_files else {201302} for model in fed}
    for model in ("int_rotations__legs", "int_rotations__carrier_months"):
        built[model].add(201303)  # its first legs follow the last ones of February
    built["int_monitoring__day_expectations"].add(201303)  # its days are compared with those of February
    for model in ("states", "histories", "flights"):  # what March knows of February
        built[f"int_features__{model}"].add(201303)
    assert after.added_since(before) == built
    inserted = after.rows_added_since(before)
    assert inserted.pop("int_flights__records") == len(restated)
    assert inserted.pop("int_flights__weather") == len(restated)
    assert inserted.pop("int_flights__diversions") == value(
        "select count(*) from marts.fct_flight_diversions where flight_month = '2013-02-01'"
    )
    assert inserted.pop("int_files__contents") == 1 + value(  # the month, and each of its parts
        "select count(distinct carrier_code) + count(distinct origin_airport_code_iata)"
        " + count(distinct destination_airport_code_iata)"
        " + count(distinct flight_date_local) from marts.fct_flights where flight_month = '2013-02-01'"
    )
    assert inserted.pop("int_months__row_counts") == 2  # a file of flights, one of weather
    assert inserted.pop("int_performance__arrival_fences") == 1
    of_month = {
        grain: value(f"select count(*) from marts.agg_{grain} where flight_month = '2013-02-01'")
        for grain in ("month", *(f"{by}_month" for by in MONTHS_BY))
    }
    for by in ("airport", "flight_number"):
        assert inserted.pop(f"int_performance__{by}_months") == of_month.pop(f"{by}_month")
    assert inserted.pop("int_performance__totals") == sum(of_month.values())
    assert inserted.pop("int_performance__airport_hours") == value(
        "select count(*) from marts.agg_airport_hour where flight_month = '2013-02-01'"
    )
    figures = """
        select
            count(*) filter (where measure = 'flights' and flight_month = '2013-02-01'),
            count(*) filter (where flight_month in ('2013-02-01', '2013-03-01'))
        from (
            select flight_month, measure from marts.kpi_day
            union all
            select flight_month, measure from marts.kpi_carrier_day
        ) as figures
    """
    ((days, days_and_measures),) = query(figures)
    assert inserted.pop("int_monitoring__day_figures") == days
    assert inserted.pop("int_monitoring__day_expectations") == days_and_measures
    assert inserted.pop("int_monitoring__missing_values") == value(
        "select count(*) from marts.audit_missing_values where flight_month = '2013-02-01'"
    )
    assert inserted.pop("int_rotations__legs") == value(
        "select count(*) from marts.fct_flight_rotations where flight_month in ('2013-02-01', '2013-03-01')"
    )
    assert inserted.pop("int_rotations__carrier_months") == value(
        """
        select count(*) from marts.agg_carrier_rotation_month
        where flight_month in ('2013-02-01', '2013-03-01')
        """
    )
    assert inserted.pop("int_features__flights") == value(
        "select count(*) from marts.flight_features where flight_month in ('2013-02-01', '2013-03-01')"
    )
    for model in ("schedules", "states", "histories"):  # a row per hour, moment or day that flights ask about
        assert 0 < inserted.pop(f"int_features__{model}") < 20 * len(restated)
    assert inserted.pop("int_restatements__flights") == 16  # measures
    assert not inserted
    assert last_publication() == {"month_versions", "audit_row_ledger", "audit_seen_months"}

    expected = {month: late_in(samples.flights(month)) for month in samples.MONTHS} | {2: late_in(restated)}
    assert expected[2] > late_in(samples.flights(2))
    assert late_flights() == expected
    ledger = query(
        """
        select rows_seen, rows_published, rows_superseded from marts.audit_row_ledger
        where dataset = 'flights' order by file_no
        """
    )
    superseded, all_months = len(restated), sum(len(samples.flights(month)) for month in samples.MONTHS)
    assert ledger == [(all_months, all_months - superseded, superseded), (superseded, superseded, 0)]


def test_the_same_file_again_and_under_another_name(
    project: ProjectCopy, before: History, tmp_path: Path
) -> None:
    marts = published()
    landed = query("select dataset, count(*) from raw_nycflights13.files group by 1 order by 1")
    again = tmp_path / "under_another_name.csv"
    again.write_bytes(project.folder.parent.joinpath("flights.csv").read_bytes())

    report = project.load(*(project.folder.parent / f"{name}.csv" for name in ("flights", "planes")), again)
    assert [file.state for file in report.files] == ["already there"] * 3
    built = project.build()

    assert built.code == 0
    assert "nothing new: all that is published stands" in built.said
    assert history() == before
    assert published() == marts
    assert query("select dataset, count(*) from raw_nycflights13.files group by 1 order by 1") == landed


def test_a_changed_comment_builds_nothing(project: ProjectCopy, before: History) -> None:
    comments = (
        (RECORDS, "with records as (", "-- words\nwith  records as (\n"),
        (STAGED_FLIGHTS, "with source as", "{# words #}\nwith source as"),
        (MEASURES, "    coalesce({{ arr_delay_minutes", "    {# words #}coalesce({{ arr_delay_minutes"),
        (RECORDS.replace(".sql", ".yml"), "models:", "models: # words"),
        ("models/glossary.md", "{% docs is_on_time %}", "{% docs is_on_time %}\nMore words."),
    )
    with project.edited(*comments):
        build(project)
        assert history() == before
        # what is said about a column is published all the same
        assert "More words." in described("is_on_time")
    build(project)
    assert "More words." not in described("is_on_time")


@pytest.mark.parametrize(
    ("edit", "feeds", "files_of"),
    [
        pytest.param(
            (MEASURES, "return(15)", "return(16)"),
            "int_flights__records",
            None,
            id="a macro",
        ),
        pytest.param(
            (
                TIME,
                "at time zone {{ time_zone }} at time zone 'UTC'",
                "at time zone {{ time_zone }} at time zone 'utc'",
            ),
            "int_flights__records",
            None,
            id="a macro of one engine, below the one that is called",
        ),
        pytest.param(
            (STAGED_FLIGHTS, "dest as destination", "upper(dest) as destination"),
            FLIGHTS,
            "flights",
            id="staging",
        ),
        pytest.param(
            (STAGED_WEATHER, "origin as airport", "upper(origin) as airport"),
            WEATHER,
            "weather",
            id="staging of weather leaves the records of flights alone",
        ),
        pytest.param(
            (TOTALS, "from flights\n", "from flights cross join (select 1) as one\n"),
            "int_performance__totals",
            None,
            id="a model at the end of the chain",
        ),
        pytest.param(
            (FACTS, "{{ is_late('flights') }} as is_late", "coalesce({{ is_late('flights') }}) as is_late"),
            "fct_flights",
            None,
            id="a mart view",
        ),
    ],
)
def test_a_changed_expression_builds_what_it_feeds(
    project: ProjectCopy,
    models: Models,
    before: History,
    edit: tuple[str, str, str],
    feeds: str,
    files_of: str | None,
) -> None:
    with project.edited(edit):
        build(project)
    after = history()
    added = after.added_since(before)
    assert added.keys() == models.fed_by(feeds)
    for model, slices in added.items():
        if model in models.of_files:
            assert slices == files_of_dataset(files_of)
        elif model in models.of_restatements:
            assert slices == {201302}
        else:
            assert slices >= ALL_MONTHS
    after.rows_added_since(before)  # the versions of before are whole


def test_logic_that_comes_back_is_built_already(project: ProjectCopy, before: History) -> None:
    build(project)
    assert history() == before


def test_airports_count_by_their_time_zones(
    project: ProjectCopy, models: Models, before: History, tmp_path: Path
) -> None:
    """A new airports file builds the flights anew if it moves a clock, not if it corrects a name."""
    airports = [dict(record) for record in samples.packaged("airports")]
    atlanta = next(record for record in airports if record["faa"] == "ATL")

    atlanta["name"] = "Atlanta"
    project.load(samples.write(tmp_path / "renamed.csv", airports))
    build(project)
    renamed = history()
    assert renamed.added_since(before).keys() == models.fed_by(FLIGHTS) & models.of_files
    assert value("select airport_name from marts.dim_airports where airport_code_iata = 'ATL'") == "Atlanta"
    assert last_publication() == {"dim_airports", "dim_airport_history", "audit_row_ledger"}

    atlanta["tzone"] = "America/Chicago"
    project.load(samples.write(tmp_path / "moved.csv", airports))
    build(project)
    moved = history().added_since(renamed)
    assert moved.keys() == models.fed_by(FLIGHTS)
    assert moved["int_flights__records"] == ALL_MONTHS


def test_a_dry_run_builds_no_version(project: ProjectCopy, before: History, tmp_path: Path) -> None:
    """--empty shows that all SQL runs; its empty tables are not taken for what was built.

    Takes two builds, one of them of everything.
    """
    marts = published()
    project.load(samples.write(tmp_path / "again.csv", samples.restated(3, late=3)))
    tried = project.build("--empty")
    assert tried.code == 0, tried.said
    assert "nothing published" in tried.said
    assert history() == before
    assert published() == marts
    build(project)
    assert history().added_since(before)["int_flights__records"] == {201303}


PRINT_FINGERPRINT = """
{% macro print_fingerprint(name) %}
    {% do log('fingerprint ' ~ fingerprint(lineage('model.ontime.' ~ name).logic), info=true) %}
{% endmacro %}
"""


def fingerprint(project: ProjectCopy, model: str = "int_flights__records") -> str:
    named = ("--args", f"{{name: {model}}}")
    printed = project.dbt("run-operation", "print_fingerprint", "--target", "prod", *named)
    assert printed.code == 0, printed.said
    return printed.said.partition("fingerprint ")[2].split()[0]


@pytest.fixture(scope="module")
def unchanged(project: ProjectCopy) -> Iterator[str]:
    """The fingerprint of int_flights__records and what it reads, in a project that can print fingerprints."""
    project.write("macros/print_fingerprint.sql", PRINT_FINGERPRINT)
    yield fingerprint(project)
    project.remove("macros/print_fingerprint.sql")


@pytest.mark.parametrize(
    ("edit", "changes"),
    [
        pytest.param((CLOCKS, "-- diverted flights", "-- many flights"), False, id="comment"),
        pytest.param((CLOCKS, "with flights as", "-- words\nwith flights as"), False, id="comment on top"),
        pytest.param((CLOCKS, "interval '12' hour", "interval '11' hour"), True, id="code"),
        pytest.param(
            (CLOCKS, "from actual_arrivals\n", "from actual_arrivals where '--' <> ''\n"),
            True,
            id="dashes in a text",
        ),
        pytest.param((DAYS, "{# The local timestamp", "{# That timestamp"), False, id="comment of a macro"),
        pytest.param(
            (DAYS, "same_day }} + interval '2' day", "same_day }} + interval '3' day"), True, id="macro"
        ),
        pytest.param((TIME, "/ 60 as integer)", "/ 61 as integer)"), True, id="macro of a macro"),
        pytest.param(
            (MEASURES, "round(100.0 *", "round(100.00 *"), False, id="a macro that nothing of it calls"
        ),
        pytest.param(
            ("macros/versions/building.sql", "order by {{ order }}", "order by  {{ order }}"),
            False,
            id="how versions are kept",
        ),
    ],
)
def test_fingerprint(project: ProjectCopy, unchanged: str, edit: tuple[str, str, str], changes: bool) -> None:
    """It reads parts of dbt's context that are not documented: `context[package][macro].macro`."""
    with project.edited(edit):
        assert (fingerprint(project) != unchanged) == changes
