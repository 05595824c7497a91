"""Edits and loads in random order: what a state-aware build publishes is what a whole build would.

Each round makes edits and loads, builds what changed after some of them, and then everything, on the same
database: rows, definitions and comments of all published marts have to be those of before. Seeded, so that a
failure can be repeated: it names the edits and the nodes that ran.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from random import Random

import pytest
import yaml

from cli.building import build_plan
from cli.building.build_state import Reasons, State
from tests import samples
from tests.beginnings import SAMPLE, begin_with
from tests.projects import ProjectCopy
from tests.states import published

ROUNDS = 2
EDITS = 15
BUILT_AFTER = (0, 7, 14)  # of one, and of several at once

# Figures that stand in one place, and what reads them changes with them.
FIGURES = (
    ("macros/measures/flights.sql", "{% macro late_minutes() %}{{ return(15) }}", "15", range(16, 30)),
    ("macros/measures/flights.sql", "{% macro fence_distance() %}{{ return(3) }}", "3", range(1, 3)),
    (
        "macros/measures/rotations.sql",
        "{% macro shortest_turnaround_minutes() %}{{ return(30) }}",
        "30",
        range(31, 60),
    ),
)
SEEDS = ("seeds/us_holidays.csv", "seeds/airports_supplement.csv")
A_TEST = "{{{{ config(enabled=true) }}}}\nselect 1 from {{{{ ref('{mart}') }}}} where {number} < 0\n"


@dataclass
class Story:
    """A project under way: what was done, and what can be taken back."""

    project: ProjectCopy
    random: Random = field(default_factory=Random)
    told: list[str] = field(default_factory=list)
    originals: dict[str, str] = field(default_factory=dict)
    files: int = 0

    def edit(self) -> None:
        """One edit or load of any kind."""
        edits: list[Callable[[], str | None]] = [
            self.add_comment,
            self.describe,
            self.drop_rows_of("marts"),
            self.drop_rows_of("intermediate"),
            self.drop_rows_of("staging"),
            self.change_a_figure,
            self.add_a_test,
            self.drop_of_a_seed,
            self.load_flights,
            self.load_weather,
            self.load_reference,
            self.take_back,
        ]
        while not (said := self.random.choice(edits)()):
            pass
        self.told.append(said)

    def add_comment(self) -> str:
        path = self.random.choice(self.models("marts", "intermediate", "staging"))
        return self._rewrite(path, f"{self.text(path)}-- words {self.random.random()}\n", "a comment in")

    def describe(self) -> str | None:
        path = self.random.choice(self.models("marts", "intermediate")).replace(".sql", ".yml")
        if not self.project.folder.joinpath(path).exists():
            return None
        said = f"description: >\n      {self.random.random()} "
        return self._rewrite(path, self.text(path).replace("description: >\n      ", said, 1), "words in")

    def drop_rows_of(self, folder: str) -> Callable[[], str | None]:
        """Other logic of any model: it loses one row in fifty."""

        def drop() -> str | None:
            path = self.random.choice(self.models(folder))
            if path in self.originals:
                return None
            lost = f"hashtext(cast(whole as text)) % 50 <> {self.random.randrange(50)}"
            rows = f"select * from (\n{self.text(path)}\n) as whole where {lost}\n"
            return self._rewrite(path, rows, "logic of")

        return drop

    def change_a_figure(self) -> str | None:
        path, macro, old, others = self.random.choice(FIGURES)
        if macro not in self.text(path):
            return None
        other = macro.replace(f"return({old})", f"return({self.random.choice(others)})")
        return self._rewrite(path, self.text(path).replace(macro, other), "a macro of")

    def add_a_test(self) -> str:
        mart = Path(self.random.choice(self.models("marts"))).stem
        self.project.write(
            "tests/dbt/singular/added.sql", A_TEST.format(mart=mart, number=self.random.randrange(99))
        )
        return f"a test of {mart}"

    def drop_of_a_seed(self) -> str:
        path = self.random.choice(SEEDS)
        header, *lines = self.text(path).splitlines(keepends=True)
        lines.pop(self.random.randrange(len(lines)))
        return self._rewrite(path, header + "".join(lines), "a row less in")

    def load_flights(self) -> str:
        month = self.random.randint(1, 5)
        self._load("flights", samples.restated(month, late=self.random.randint(1, 99)))
        return f"flights of {month}"

    def load_weather(self) -> str:
        month = self.random.randint(1, 5)
        observations = samples.weather(month)
        self._load("weather", self.random.sample(observations, len(observations) - 9))
        return f"weather of {month}"

    def load_reference(self) -> str:
        dataset, column = self.random.choice(
            [("airlines", "name"), ("airports", "name"), ("planes", "seats")]
        )
        records = [dict(record) for record in samples.packaged(dataset)]
        self.random.choice(records)[column] = str(self.random.randint(1, 300))
        if dataset == "airports":
            self.random.choice(records)["tzone"] = "America/Chicago"
        self._load(dataset, records)
        return f"a file of {dataset}"

    def take_back(self) -> str | None:
        if not self.originals:
            return None
        path = self.random.choice(sorted(self.originals))
        self.project.write(path, self.originals.pop(path))
        return f"{path} as it was"

    def text(self, path: str) -> str:
        return self.project.folder.joinpath(path).read_text()

    def models(self, *folders: str) -> list[str]:
        return [path for folder in folders for path in models(self.project.folder, folder)]

    def _rewrite(self, path: str, text: str, what: str) -> str:
        self.originals.setdefault(path, self.text(path))
        self.project.write(path, text)
        return f"{what} {path}"

    def _load(self, dataset: str, records: list[samples.Record]) -> None:
        self.files += 1
        buffer = StringIO(newline="")
        writer = csv.DictWriter(buffer, records[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        path = self.project.folder.parent / f"{dataset}_{self.files}.csv"
        path.write_text(buffer.getvalue())
        self.project.load(path)


@cache
def models(project: Path, folder: str) -> list[str]:
    """The SQL of models, relative to the project.

    Not of those that say which files and versions there are: without some of them nothing fits together.
    """
    described = [yaml.safe_load(path.read_text()) for path in project.joinpath("models").rglob("*.yml")]
    bookkeeping = {
        model["name"]
        for file in described
        for model in file.get("models", [])
        if model.get("config", {}).get("meta", {}).get("is_bookkeeping")
    }
    paths = sorted(project.joinpath("models", folder).rglob("*.sql"))
    return [str(path.relative_to(project)) for path in paths if path.stem not in bookkeeping]


def build_what_changed(story: Story) -> set[str]:
    """Build and publish; returns the models that ran."""
    built = story.project.build()
    assert built.code == 0, f"after {story.told}: {built.said}"
    return built.models


def check_against_a_whole_build(story: Story, ran: set[str]) -> None:
    """Everything built anew on the same database has to publish the same."""
    marts = published()
    whole = story.project.build("--all")
    assert whole.code == 0, f"after {story.told}: {whole.said}"
    assert "everything, as --all asks" in whole.said
    anew = published()
    different = sorted(name for name in marts.keys() | anew.keys() if marts.get(name) != anew.get(name))
    assert different == [], f"a whole build makes others of {different}; {sorted(ran)} ran after {story.told}"


@pytest.fixture(scope="module")
def story(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Three months, published; models without tests, which two thirds of a build's time would go to."""
    yield Story(begin_with(SAMPLE, tmp_path_factory.mktemp("random_edits")))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_build_of_changes_publishes_what_a_whole_build_does(story: Story, seed: int) -> None:
    """Takes three builds of what changed, and one of everything to compare them with."""
    story.random.seed(seed)
    story.told.clear()
    ran: set[str] = set()
    for number in range(EDITS):
        story.edit()
        if number in BUILT_AFTER:
            ran |= build_what_changed(story)
    check_against_a_whole_build(story, ran)


def test_a_node_that_is_left_out_is_found(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same check notices when a changed node, or one that new rows reach, is not chosen.

    Takes two builds of what changed, and two of everything to compare them with.
    """
    changed = build_plan.changed_nodes
    left_out = "model.ontime.dim_dates"

    def without_one(graph: build_plan.Graph, state: State, now: State) -> Reasons:
        return {uid: why for uid, why in changed(graph, state, now).items() if uid != left_out}

    path = "models/marts/core/dim_dates.sql"
    story._rewrite(path, f"select * from (\n{story.text(path)}\n) as whole where false\n", "logic of")
    with monkeypatch.context() as patch:
        patch.setattr(build_plan, "changed_nodes", without_one)
        ran = build_what_changed(story)
    assert "dim_dates" not in ran
    with pytest.raises(AssertionError, match=r"others of \['dim_dates'"):
        check_against_a_whole_build(story, ran)

    wakes = build_plan.Graph.wakes

    def wakes_all_but_one(graph: build_plan.Graph, parent: str, child: str) -> bool:
        return child != "model.ontime.int_performance__totals" and wakes(graph, parent, child)

    story._load("flights", samples.restated(6))
    with monkeypatch.context() as patch:
        patch.setattr(build_plan.Graph, "wakes", wakes_all_but_one)
        ran = build_what_changed(story)
    assert "int_performance__totals" not in ran
    with pytest.raises(AssertionError, match="agg_carrier_month"):
        check_against_a_whole_build(story, ran)
