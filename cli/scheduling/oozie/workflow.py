"""A job as the nodes of a workflow: steps that can run together in a fork, one such level after the other.

Oozie has no "run whatever became of those before": an action that fails goes where one that worked goes.
Before a step that needs others, a decision asks whether they worked; a last one ends the workflow as failed,
and sends a mail, when any step did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cli.scheduling.jobs import MONTH, Job, Step

START, END, OUTCOME, TELL, FAILED = "start", "end", "outcome", "tell", "failed"


class _GoesOn:
    """A node with one way out."""

    to: str

    @property
    def goes_to(self) -> tuple[str, ...]:
        return (self.to,)


@dataclass(frozen=True)
class Action(_GoesOn):
    """Runs the command of a step, and goes to `to` whatever became of it."""

    kind: ClassVar = "action"
    step: Step
    to: str

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def arguments(self) -> list[str]:
        """Those of `ontime`, the month as the coordinator hands it over."""
        return [word.replace(MONTH, "${month}") for word in self.step.command]


@dataclass(frozen=True)
class Decision:
    """Goes to `to` when all `steps` worked, else to `otherwise`."""

    kind: ClassVar = "decision"
    name: str
    steps: tuple[str, ...]
    to: str
    otherwise: str

    @property
    def goes_to(self) -> tuple[str, ...]:
        return (self.to, self.otherwise)

    @property
    def condition(self) -> str:
        """In Oozie's language: a step that did not fail, or did not run, has no code of an error."""
        return "${" + " and ".join(f"empty wf:errorCode('{step}')" for step in self.steps) + "}"


@dataclass(frozen=True)
class Fork:
    """Goes to all of `goes_to` at once."""

    kind: ClassVar = "fork"
    name: str
    goes_to: tuple[str, ...]


@dataclass(frozen=True)
class Join(_GoesOn):
    """Waits for all paths of the fork before it."""

    kind: ClassVar = "join"
    name: str
    to: str


@dataclass(frozen=True)
class Mail(_GoesOn):
    """Tells people that steps failed."""

    kind: ClassVar = "mail"
    name: str
    to: str


Node = Action | Decision | Fork | Join | Mail


@dataclass(frozen=True)
class Workflow:
    """Nodes by name, and where it starts. It ends at END, or at FAILED."""

    job: Job
    start: str
    nodes: Mapping[str, Node]


def workflow(job: Job) -> Workflow:
    """The workflow of a job, checked."""
    names = tuple(step.name for step in job.steps)
    nodes: list[Node] = [Decision(OUTCOME, names, END, TELL), Mail(TELL, FAILED)]
    for number, level in reversed(list(enumerate(levels(job.steps)))):
        nodes = [*_of_level(number, level, nodes[0].name, job), *nodes]
    made = Workflow(job, nodes[0].name, {node.name: node for node in nodes})
    if wrong := list(mistakes(made)):
        raise ValueError(f"workflow {job.name}: {'; '.join(wrong)}")
    return made


def levels(steps: Iterable[Step]) -> list[list[Step]]:
    """Steps that can run together, level by level: each comes as early as those before it allow."""
    depth: dict[str, int] = {}
    found: list[list[Step]] = []
    for step in steps:
        depth[step.name] = max((depth[name] + 1 for name in (*step.after, *step.needs)), default=0)
        found[depth[step.name] :] = found[depth[step.name] :] or [[]]
        found[depth[step.name]].append(step)
    return found


def _of_level(number: int, level: Sequence[Step], following: str, job: Job) -> list[Node]:
    """The nodes of a level, the one by which it is entered first."""
    together = len(level) > 1
    join, to = Join(f"join-{number}", following), f"join-{number}" if together else following
    paths = [_of_step(step, to, job) for step in level]
    nodes = [node for path in paths for node in path]
    return (
        [Fork(f"fork-{number}", tuple(path[0].name for path in paths)), *nodes, join] if together else nodes
    )


def _of_step(step: Step, to: str, job: Job) -> list[Node]:
    """Its action, behind a decision where it needs others."""
    action = Action(step, to)
    if not step.needs:
        return [action]
    return [Decision(f"{step.name}-if", _all_needs(step.name, job), step.name, to), action]


def _all_needs(name: str, job: Job) -> tuple[str, ...]:
    """The steps that one needs, and those that they need: one that was left out did not fail."""
    steps = {step.name: step for step in job.steps}
    needs = steps[name].needs
    return tuple(dict.fromkeys([*needs, *(more for need in needs for more in _all_needs(need, job))]))


def mistakes(made: Workflow) -> Iterator[str]:
    """What no schema finds: transitions to nowhere, nodes out of reach, circles, forks without joins."""
    known = {*made.nodes, END, FAILED}
    transitions = ((node.name, to) for node in made.nodes.values() for to in node.goes_to)
    for name, to in ((START, made.start), *transitions):
        if to not in known:
            yield f"{name} goes to {to}, which is nowhere"
            return
    if cycle := _cycle(made, made.start, ()):
        yield f"it goes in a circle: {' -> '.join(cycle)}"
        return
    reached = _reached(made, made.start)
    for name in sorted(made.nodes.keys() - reached):
        yield f"nothing goes to {name}"
    for name in sorted({END, FAILED} - reached):
        yield f"no path ends at {name}"
    yield from _unpaired(made)


def _cycle(made: Workflow, name: str, path: tuple[str, ...]) -> tuple[str, ...]:
    if name in path:
        return (*path[path.index(name) :], name)
    node = made.nodes.get(name)
    found = (_cycle(made, to, (*path, name)) for to in (node.goes_to if node else ()))
    return next(filter(None, found), ())


def _reached(made: Workflow, name: str) -> set[str]:
    node = made.nodes.get(name)
    return {name}.union(*(_reached(made, to) for to in node.goes_to)) if node else {name}


def _unpaired(made: Workflow) -> Iterator[str]:
    """Each path of a fork has to meet one and the same join, and no join may be met outside of a fork."""
    paired = set()
    for fork in (node for node in made.nodes.values() if isinstance(node, Fork)):
        joins = set().union(*(_next_joins(made, to) for to in fork.goes_to))
        if len(joins) != 1 or None in joins:
            yield f"the paths of {fork.name} meet at {', '.join(sorted(map(str, joins)))}, not at one join"
        paired |= joins
    for join in (node for node in made.nodes.values() if isinstance(node, Join)):
        if join.name not in paired:
            yield f"no fork goes to {join.name}"


def _next_joins(made: Workflow, name: str) -> set[str | None]:
    """The joins that are met first from a node on; None where a path ends without one, or forks again."""
    node = made.nodes.get(name)
    if isinstance(node, Join):
        return {node.name}
    if node is None or isinstance(node, Fork):
        return {None}
    return set().union(*(_next_joins(made, to) for to in node.goes_to))
