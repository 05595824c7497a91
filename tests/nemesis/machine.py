"""Histories of commands with faults, as a state machine of hypothesis; after each step all must hold.

    History.world = world                       # of world.py, one for all histories of a run
    run_history(seed=7, steps=25)               # raises Violation, after shrinking

A rule runs a command, perhaps disturbed, and then repeats it undisturbed: what is published, the ledger, what
readers saw and what is remembered of the past must be what books.py says, whatever happened in between.

A new command gets a rule here, and if it changes what is published a line in books.py.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from cli.questions.as_of import session_as_of
from ingestion.sources.nycflights13 import NYCFLIGHTS13
from tests import samples
from tests.ingestion.support import balances, query, value
from tests.nemesis.books import EDITIONS, MONTHS, Books, Figures, File, Verdict
from tests.nemesis.readers import Look, Publication, Readers, connect, look, violations
from tests.nemesis.world import AFTERWARDS, Disturbance, Done, World

READERS = 2

STEPS_OF_A_HISTORY = 20

FAULTS = (
    "client is killed",
    "client is killed meanwhile",
    "server is killed",
    "server stops at once",
    AFTERWARDS,
    "connection is cut",
    "disk is full",
)

# Statements before which a command is disturbed: any of the first ones, or one of a kind.
MOMENTS: dict[str, tuple[tuple[str, int], ...]] = {
    "load": (("", 25), ("^copy", 1), (r"insert into .*files", 1), ("_dlt_loads", 2)),
    "build": (
        *(("", 150), (r"\$publish\$", 1), ("built_versions", 8), ("insert into", 10), ("commit", 25)),
        *((r"build_state", 5), (r"create .*marts__build", 3)),
    ),
    "decision": (("", 8), (r"insert into raw.decisions", 1)),
    "backup": (("", 12),),
    "restore": (("", 30), ("alter database", 2), ("drop database", 1)),
    "rollback": (("", 60), (r"\$publish\$", 1), ("commit", 5)),
}

files = st.builds(
    File,
    st.sampled_from(MONTHS),
    st.sampled_from(("whole", "whole", "whole", "short", "spoilt", "unreadable")),
    st.sampled_from(EDITIONS),
)


@st.composite
def moments(draw: st.DrawFn, command: str) -> tuple[str, int]:
    pattern, most = draw(st.sampled_from(MOMENTS[command]))
    return pattern, draw(st.integers(1, most))


def disturbances(command: str, kinds: Sequence[str] = FAULTS) -> st.SearchStrategy[Disturbance | None]:
    """None, which is what a failure shrinks to, one time in four."""
    disturbed = st.builds(
        lambda kind, moment: Disturbance(kind, *moment), st.sampled_from(kinds), moments(command)
    )
    return st.one_of(st.none(), disturbed, disturbed, disturbed)


SELECTIONS = ("int_flights__records", "agg_carrier_month", "+audit_row_ledger")


def pauses(command: str) -> st.SearchStrategy[Disturbance]:
    return st.builds(lambda moment: Disturbance("another comes between", *moment), moments(command))


STEPS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "load": st.fixed_dictionaries({"file": files, "disturb": disturbances("load")}),
    "load_and_build": st.fixed_dictionaries({"file": files, "disturb": disturbances("build")}),
    "build": st.fixed_dictionaries({"disturb": disturbances("build")}),
    "decide": st.fixed_dictionaries(
        {
            "no": st.integers(0, 20),
            "verdict": st.sampled_from(("accept", "reject")),
            "disturb": disturbances("decision"),
        }
    ),
    "build_a_selection": st.fixed_dictionaries(
        {"file": files, "selection": st.sampled_from(SELECTIONS), "disturb": disturbances("build")}
    ),
    "build_with_a_test_that_fails": st.fixed_dictionaries({"file": files}),
    "load_twice_at_once": st.fixed_dictionaries(
        {"file": files, "other": st.one_of(st.none(), files), "pause": pauses("load")}
    ),
    "load_while_a_build_runs": st.fixed_dictionaries(
        {"file": files, "other": files, "pause": pauses("build")}
    ),
    "build_twice_at_once": st.fixed_dictionaries({"file": files, "pause": pauses("build")}),
    "back_up": st.fixed_dictionaries({"disturb": disturbances("backup")}),
    "restore": st.fixed_dictionaries({"no": st.integers(0, 5), "disturb": disturbances("restore")}),
    "roll_back": st.fixed_dictionaries({"no": st.integers(0, 20), "disturb": disturbances("rollback")}),
    "clean": st.fixed_dictionaries({}),
    "lose_the_folder": st.fixed_dictionaries({}),
}
"""What a history is made of: methods of History, and what is drawn for them."""

WEIGHTS = {"load": 2, "load_and_build": 4, "decide": 3, "build_a_selection": 2, "roll_back": 2}
"""How often a step is drawn, where that is not once."""

steps = st.one_of(
    *(st.tuples(st.just(name), drawn) for name, drawn in STEPS.items() for _ in range(WEIGHTS.get(name, 1)))
)


class Violation(AssertionError):  # noqa: N818
    """An invariant does not hold: `published`, `ledger`, `readers`, `past` or `repeat`."""

    def __init__(self, invariant: str, said: str) -> None:
        super().__init__(f"{invariant}: {said}")
        self.invariant = invariant


@dataclass
class Backup:
    """A backup, and what the warehouse was when it was made."""

    file: Path
    books: Books
    figures: Figures
    moments: list[tuple[datetime, Figures]]


@dataclass
class Counted:
    """What all histories of a run did together; each step is told to `say`."""

    say: Callable[[str], object] = lambda _: None
    steps: int = 0
    commands: int = 0
    disturbed: int = 0
    looks: int = 0
    publications: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        rules = ", ".join(f"{name} {count:,}" for name, count in self.by_rule.most_common())
        return (
            f"{self.steps:,} steps, {self.commands:,} commands, {self.disturbed:,} of them disturbed, "
            f"{self.publications:,} publications, {self.looks:,} looks of readers ({rules})"
        )


class History(RuleBasedStateMachine):
    """One history, on the world of the class."""

    world: ClassVar[World]
    counted: ClassVar[Counted] = Counted()
    is_over_with_the_first: ClassVar[bool] = False
    """hypothesis plays what failed once more, which a planted fault is not worth."""
    first_violation: "ClassVar[tuple[int, Violation] | None]" = None

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.backups: list[Backup] = []
        self.looks: list[Look] = []
        self.readers = Readers(READERS)
        self.publications: list[Publication] = []
        self.moments: list[tuple[datetime, Figures]] = []

    def begin(self) -> None:
        """With what the template holds, and readers."""
        self.world.reset()
        self.publications = [Publication(self._look(), 0.0, time.monotonic())]
        self.moments = [(self._now(), self._look())]
        self.readers.start()

    # Rules

    @initialize(number=st.integers(0, 1_000_000), file=files)
    def something_is_loaded(self, number: int, file: File) -> None:
        """hypothesis begins with zeros alone, the same history for each seed: that one is left out."""
        assume(number)
        if self.is_over_with_the_first and History.first_violation is not None:
            raise History.first_violation[1]
        self.begin()
        with self.step("first load"):
            self._load(file, None)

    @rule(what=steps)
    def go_on(self, what: tuple[str, dict[str, Any]]) -> None:
        """One rule for all steps: hypothesis leaves some rules out of each history, and few are many here."""
        name, drawn = what
        with self.step(name):
            getattr(self, name)(**drawn)

    def load(self, file: File, disturb: Disturbance | None) -> None:
        self._load(file, disturb)

    def build(self, disturb: Disturbance | None) -> None:
        self._build(disturb)

    def load_and_build(self, file: File, disturb: Disturbance | None) -> None:
        self._load(file, None)
        self._build(disturb)

    def decide(self, no: int, verdict: Verdict, disturb: Disturbance | None) -> None:
        """Accept or reject one of the files, and build."""
        if not self.books.files:
            return
        file = sorted(self.books.files)[no % len(self.books.files)]
        words = (verdict, str(self._numbers()[file.name]))
        before = self._decisions()

        def between(is_done: bool) -> None:
            if is_done and self._decisions() == before:
                raise Violation("ledger", f"lost the decision to {verdict} {file.name}")

        # decided twice is decided once, but a second decision is one more
        self._disturbed(*words, disturb=disturb, between=between, is_repeated=False)
        self.books.decide(file, verdict)
        self._build(None)

    def build_a_selection(self, file: File, selection: str, disturb: Disturbance | None) -> None:
        """It publishes nothing, and keeps the next build from nothing."""
        self._load(file, None)
        figures = self.publications[-1].figures
        self._disturbed(
            *("build", "--select", selection), disturb=disturb, between=lambda _: self._is_published(figures)
        )
        self._is_published(figures)

    def build_with_a_test_that_fails(self, file: File) -> None:
        self._load(file, None)
        test = "tests/dbt/singular/nemesis__fails.sql"
        self.world.project.write(test, "{{ config(enabled=true) }}\nselect 1 as wrong\n")
        try:
            self._is(self.world.repeat("build"), 1)
        finally:
            self.world.project.remove(test)
        self._is_published(self.publications[-1].figures)
        self._build(None)

    def load_twice_at_once(self, file: File, other: File | None, pause: Disturbance) -> None:
        """The same file twice, or two files; the numbers of the ledger say which came first."""
        other = other or file
        for done in self.world.between(self._load_words(file), pause, self._load_words(other)):
            if done is not None:
                self._is(done, 0)
        numbers = self._numbers()
        for landed in sorted(
            (it for it in {file, other} if it.name in numbers), key=lambda it: numbers[it.name]
        ):
            self.books.land(landed)
        self._load(file, None)
        self._load(other, None)

    def load_while_a_build_runs(self, file: File, other: File, pause: Disturbance) -> None:
        """The build has it, or the next one does."""
        self._load(file, None)
        without, began = self.books.copy(), time.monotonic()
        for done in self.world.between(("build",), pause, self._load_words(other)):
            if done is not None:
                self._is(done, 0)
        if other.name in self._numbers():
            self.books.land(other)
        self._is_one_of([without.figures(), self.books.figures()], began)
        self._build(None)

    def build_twice_at_once(self, file: File, pause: Disturbance) -> None:
        """One of them publishes, and the other says that it came too late, or finds nothing new."""
        self._load(file, None)
        began = time.monotonic()
        first, other = self.world.between(("build",), pause, ("build",))
        codes = sorted(done.code for done in (first, other) if done is not None)
        if codes not in ([0], [0, 0], [0, 75]):
            raise Violation("repeat", f"two builds ended with {codes}\n{first}\n{other}")
        self._is_one_of([self.books.figures()], began)

    def back_up(self, disturb: Disturbance | None) -> None:
        """Under a name that is new for each try: what a killed one left is no backup, or a whole one."""
        if disturb:
            self._back_up(disturb)
        self._is(self._back_up(None), 0)

    def _back_up(self, disturb: Disturbance | None) -> Done:
        file = self.world.folder / "backups" / f"{self.world.number()}.dump"
        done = self.world.run("backup", str(file), disturb=disturb)
        self.world.recover()
        if done.code == 0 or file.exists():
            figures = self.publications[-1].figures
            self.backups.append(Backup(file, self.books.copy(), figures, list(self.moments)))
        return done

    def restore(self, no: int, disturb: Disturbance | None) -> None:
        """Readers leave; what was published then is published again."""
        if not self.backups:
            self.back_up(None)
        backup = self.backups[no % len(self.backups)]
        self._stop_readers()
        began = time.monotonic()

        def between(is_done: bool) -> None:
            if is_done:
                self._is_published(backup.figures)

        self._disturbed("restore", str(backup.file), disturb=disturb, between=between)
        self.books, self.moments = backup.books.copy(), list(backup.moments)
        self.publications.append(Publication(backup.figures, began, time.monotonic()))
        self.readers.start()

    def roll_back(self, no: int, disturb: Disturbance | None) -> None:
        """To what was published at a moment. Builds wait for a decision then, and are told to go on."""
        moment, figures = self.moments[no % len(self.moments)]
        before, began = self.publications[-1].figures, time.monotonic()
        if figures == before:
            return
        words = ("rollback", "--to", moment.isoformat())
        done = self.world.run(*words, disturb=disturb)
        self.world.recover()
        self._is_one_of([figures] if done.code == 0 else [before, figures], began)
        if self.publications[-1].figures == before:
            self._is(self.world.repeat(*words), 0)
        self._is_one_of([figures], began)
        self._is(self.world.run("build"), 1)
        self._is_published(figures)
        began = time.monotonic()
        self._is(self.world.repeat("build", "--again"), 0)
        self._is_one_of([self.books.figures()], began)

    def clean(self) -> None:
        """Of the past what stands now is kept."""
        self._is(self.world.run("clean", "--keep", "1"), 0)
        self.moments = self.moments[-1:]

    def lose_the_folder(self) -> None:
        self.world.lose_folder()

    # What must hold

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run a step, then look whether all holds."""
        counted, began = self.counted, time.monotonic()
        counted.steps += 1
        counted.by_rule[name] += 1
        with self.noted():
            yield
            self._ledger_balances()
            self._is_published(self.publications[-1].figures)
            self._readers_saw_what_was_published()
        self.counted.say(f"{counted.steps:6} {time.monotonic() - began:5.1f} s  {name}")

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Keep the first violation of a run with its step: hypothesis plays the history again after it."""
        try:
            yield
        except Violation as violation:
            History.first_violation = History.first_violation or (self.counted.steps, violation)
            raise

    def teardown(self) -> None:
        self._stop_readers()
        if not self.publications:  # nothing has begun
            return
        self.counted.publications += len(self.publications)
        if History.first_violation is None:
            with self.noted():
                self._past_is_known()

    def _ledger_balances(self) -> None:
        if not balances(NYCFLIGHTS13):
            raise Violation("ledger", "rows, rejects and raw_nycflights13.files disagree")
        landed, expected = set(self._numbers()), {file.name for file in self.books.files}
        if landed != expected:
            raise Violation("ledger", f"has {landed - expected} too many, and lacks {expected - landed}")

    def _is_published(self, figures: Figures) -> None:
        if (seen := self._look()) != figures:
            raise Violation("published", _difference(seen, figures))

    def _is_one_of(self, allowed: list[Figures], began: float) -> None:
        """One of these states was published since a moment, or stands already."""
        seen = self._look()
        if seen not in allowed:
            raise Violation("published", _difference(seen, allowed[-1]))
        if seen != self.publications[-1].figures:
            self.publications.append(Publication(seen, began, time.monotonic()))
            self.moments.append((self._now(), seen))

    def _readers_saw_what_was_published(self) -> None:
        taken = self.readers.taken()
        self.counted.looks += len(taken)
        self.looks = [*self.looks, *taken]
        if found := violations(self.looks, self.publications):
            raise Violation("readers", "\n".join(found[:3]))
        self.looks = self.looks[-20:]  # what they saw last bounds what they may see

    def _past_is_known(self) -> None:
        """Each publication that stood at the end of a step says the same when it is asked for."""
        for moment, figures in self.moments:
            with session_as_of(moment.isoformat()) as session:
                seen = look(session.connection, session.statement)
            if seen != figures:
                raise Violation("past", f"as of {moment}: {_difference(seen, figures)}")

    # Commands

    def _load(self, file: File, disturb: Disturbance | None) -> None:
        def between(is_done: bool) -> None:
            if is_done and file.name not in self._numbers():
                raise Violation("ledger", f"lost {file.name}, of which the load said that it had landed")

        self._disturbed(*self._load_words(file), disturb=disturb, between=between)
        self.books.land(file)

    def _load_words(self, file: File) -> tuple[str, ...]:
        path = self.world.folder / "files" / file.name
        if not path.exists():
            samples.write(path, file.records())
        return "load", "nycflights13", "--from", str(path)

    def _build(self, disturb: Disturbance | None) -> None:
        began, before = time.monotonic(), self.publications[-1].figures
        after = self.books.figures()

        def between(is_done: bool) -> None:
            self._is_one_of([after] if is_done else [before, after], began)

        self._disturbed("build", disturb=disturb, between=between)
        self._is_one_of([after], began)

    def _disturbed(
        self,
        *words: str,
        disturb: Disturbance | None,
        between: Callable[[bool], None],
        is_repeated: bool = True,
    ) -> None:
        """A command with what happens to it, then the same undisturbed.

        `between` looks at what it left, and hears whether it said that it was done.
        """
        self.counted.commands += 1
        if disturb is not None:
            done = self.world.run(*words, disturb=disturb)
            self.counted.disturbed += done.happened
            self.world.recover()
            between(done.code == 0)
            if done.code == 0 and not is_repeated:
                return
        self._is(self.world.repeat(*words), 0)

    def _is(self, done: Done, code: int) -> None:
        if done.code != code:
            raise Violation("repeat", str(done))

    def _stop_readers(self) -> None:
        self.readers.stop()

    def _look(self) -> Figures:
        with closing(connect()) as opened:
            return look(opened)

    def _now(self) -> datetime:
        moment: datetime = value("select clock_timestamp()")
        return moment

    def _decisions(self) -> int:
        if value("select to_regclass('raw.decisions')") is None:
            return 0
        return int(value("select count(*) from raw.decisions"))

    def _numbers(self) -> dict[str, int]:
        return dict(query("select file_name, file_no from raw_nycflights13.files where dataset = 'flights'"))


def _difference(seen: Figures, expected: Figures) -> str:
    return "; ".join(
        f"{what}: is {sorted(set(saw) - set(should))}, should be {sorted(set(should) - set(saw))}"
        for what, saw, should in zip(("flights", "ledger"), seen, expected, strict=True)
        if saw != should
    )


def seed_of_today() -> int:
    """Another one each day, such as 20261130."""
    return int(f"{datetime.now(UTC):%Y%m%d}")


def seeds_until(steps: int, first: int) -> Iterator[int]:
    """Seeds, one after the other, until their histories have made so many steps together."""
    for number in count(first):
        yield number
        if History.counted.steps >= steps:
            return


def run_history(number: int, steps: int, *, shrinks: bool = True) -> None:
    """The history of a seed, on the world of the class: so many steps, of some seeds fewer.

    Raises what it violates.
    """
    History.counted.say(f"seed {number}")
    phases = [Phase.generate, Phase.shrink] if shrinks else [Phase.generate]
    run_state_machine_as_test(
        seed(number)(type("History", (History,), {"is_over_with_the_first": not shrinks})),
        settings=settings(
            max_examples=1,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
