"""What Oozie is given: valid by its public schemas, its graph sound, in the order of the jobs."""

import itertools
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from cli.scheduling.find import jobs
from cli.scheduling.jobs import Job, Step
from cli.scheduling.oozie.render import FILES, render
from cli.scheduling.oozie.workflow import Action, Decision, Fork, Join, Workflow, levels, mistakes, workflow
from tests.data import data
from tests.servers import ontime

TODAY = date(2026, 11, 29)

# of Oozie's manual, "Email action", for its schema is not among the public ones here
EMAIL_ACTION = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="uri:oozie:email-action:0.2"
           elementFormDefault="qualified">
    <xs:element name="email"><xs:complexType><xs:sequence>
        <xs:element name="to" type="xs:string"/>
        <xs:element name="subject" type="xs:string"/>
        <xs:element name="body" type="xs:string"/>
    </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""

IMPORTS = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
    {imports}
</xs:schema>
"""


def schema(tmp_path: Path, *names: str) -> xmlschema.XMLSchema:
    """One schema of several public ones."""
    folder = data("oozie_xsd")
    found = []
    for path in (*(folder / name for name in names), tmp_path / "email-action.xsd"):
        if path.name == "email-action.xsd":
            path.write_text(EMAIL_ACTION)
        (space,) = re.findall(r'targetNamespace="([^"]+)"', path.read_text())
        found.append(f'<xs:import namespace="{space}" schemaLocation="{path.resolve().as_uri()}"/>')
    return xmlschema.XMLSchema(IMPORTS.format(imports="\n".join(found)))


WORKFLOW = "oozie-workflow-1.0.xsd", "shell-action-1.0.xsd", "oozie-sla-0.2.xsd"
COORDINATOR = "oozie-coordinator-0.5.xsd", "oozie-sla-0.2.xsd"


def test_files_are_valid_by_the_public_schemas(tmp_path: Path) -> None:
    workflows, coordinators = schema(tmp_path, *WORKFLOW), schema(tmp_path, *COORDINATOR)
    for job in jobs().values():
        flow, coordinator, properties = render(job, tmp_path, TODAY)
        workflows.validate(flow)
        coordinators.validate(coordinator)
        named = set(re.findall(r"^([a-zA-Z]+)=", properties.read_text(), re.MULTILINE))
        asked = {
            name
            for file in (flow, coordinator, properties)
            for name in re.findall(r"\$\{([a-zA-Z]+)\}", file.read_text())
        }
        assert asked - {"month", "YEAR", "MONTH"} <= named, "what the files ask for, job.properties has"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("<exec>timeout</exec>", ""), ('<ok to="', '<okay to="'), ('retry-max="3"', 'retries="3"')],
)
def test_a_file_that_is_not_valid_is_found(right: str, wrong: str, tmp_path: Path) -> None:
    workflows = schema(tmp_path, *WORKFLOW)
    text = render(jobs()["daily"], tmp_path, TODAY)[0].read_text()
    assert right in text
    assert not workflows.is_valid(text.replace(right, wrong, 1).partition("?>")[2])


def edges_of_job(job: Job) -> set[tuple[str, str]]:
    """Which step begins when which has ended, of neighbouring levels."""
    found = levels(job.steps)
    return {
        (before.name, after.name)
        for earlier, later in itertools.pairwise(found)
        for before, after in itertools.product(earlier, later)
    }


def edges_of_file(path: Path) -> set[tuple[str, str]]:
    """The same of a workflow.xml: from each action to those that can come next, read by another way."""
    space = "{uri:oozie:workflow:1.0}"
    nodes = {node.get("name"): node for node in ElementTree.parse(path).getroot() if node.get("name")}  # noqa: S314
    follow = {
        name: [
            it.get(attribute, "")
            for it in (node, *node.iter())
            for attribute in ("to", "start")
            if it.get(attribute) and it.tag != f"{space}error"
        ]
        for name, node in nodes.items()
    }
    actions = {name for name, node in nodes.items() if node.tag == f"{space}action" and name != "tell"}

    def next_actions(name: str | None) -> set[str]:
        found = set()
        for to in follow.get(name, []):
            # what is left out is passed by on the way
            found |= {to} if to in actions else next_actions(to)
        return found

    return {(str(one), other) for one in actions for other in next_actions(one)}


def test_steps_come_in_the_order_of_the_job(tmp_path: Path) -> None:
    for job in jobs().values():
        written = edges_of_file(render(job, tmp_path, TODAY)[0])
        assert edges_of_job(job) <= written, job.name
        places = {step.name: place for place, level in enumerate(levels(job.steps)) for step in level}
        assert all(places[one] < places[other] for one, other in written), job.name


def test_a_step_runs_only_where_all_that_it_needs_worked() -> None:
    """Also what those need: one that was left out has no error of its own."""
    monthly = workflow(jobs()["monthly"])
    asked = monthly.nodes["agreement-if"]
    assert isinstance(asked, Decision)
    assert asked.condition == "${empty wf:errorCode('build') and empty wf:errorCode('flights')}"


def test_months_come_from_the_coordinator(tmp_path: Path) -> None:
    flow, coordinator, _ = render(jobs()["monthly"], tmp_path, TODAY)
    assert "<argument>${month}</argument>" in flow.read_text()
    assert "<instance>${coord:current(-2)}</instance>" in coordinator.read_text()
    assert "-2, 'MONTH'" in coordinator.read_text().replace("&#39;", "'")
    daily = render(jobs()["daily"], tmp_path, TODAY)[1].read_text()
    assert "input-events" not in daily


def test_what_is_special_in_xml_is_escaped(tmp_path: Path) -> None:
    step = Step("ask", "rows < 3 & more", ("sql", "select '<' & \"x\""), 1)
    job = replace(jobs()["weekly"], steps=(step,))
    (action,) = ElementTree.parse(render(job, tmp_path, TODAY)[0]).iterfind(  # noqa: S314
        ".//{uri:oozie:shell-action:1.0}shell"
    )
    arguments = [it.text for it in action.iterfind("{uri:oozie:shell-action:1.0}argument")]
    assert arguments == ["1m", "${ontime}", "sql", "select '<' & \"x\""]


DAILY = replace(jobs()["daily"], steps=jobs()["daily"].steps[:4])
"""As far as the documentation, after which nothing else goes on beside it."""


def planted(**nodes: Action | Decision | Fork | Join | None) -> Workflow:
    """The workflow of DAILY with other nodes, or without some."""
    sound = workflow(DAILY)
    by_name = {name.replace("_", "-"): node for name, node in nodes.items()}
    found = {name: by_name.get(name, node) for name, node in sound.nodes.items()}
    found |= {name: node for name, node in by_name.items() if node}
    return replace(sound, nodes={name: node for name, node in found.items() if node is not None})


WEATHER = jobs()["daily"].steps[0]
FORK = ("weather", "databases")


@pytest.mark.parametrize(
    ("nodes", "mistake"),
    [
        ({"join_0": None}, "weather goes to join-0, which is nowhere"),
        ({"weather": Action(WEATHER, "databases")}, None),
        ({"weather": Action(WEATHER, "build")}, "the paths of fork-0 meet at None, join-0, not at one join"),
        ({"weather": Action(WEATHER, "fork-0")}, "it goes in a circle: fork-0 -> weather -> fork-0"),
        ({"lost": Action(replace(WEATHER, name="lost"), "end")}, "nothing goes to lost"),
        ({"fork_0": Fork("fork-0", ("databases",))}, "nothing goes to weather"),
        ({"outcome": Decision("outcome", ("build",), "end", "end")}, "no path ends at failed"),
        (
            {"more": Join("more", "end"), "weather": Action(WEATHER, "more")},
            "meet at join-0, more, not at one",
        ),
        (
            {"late": Join("late", "outcome"), "docs_if": Decision("docs-if", ("build",), "docs", "late")},
            "no fork goes to late",
        ),
    ],
)
def test_the_graph_is_checked(nodes: dict[str, Action | None], mistake: str | None) -> None:
    found = list(mistakes(planted(**nodes)))
    if mistake is None:
        assert not found
    else:
        assert any(mistake in it for it in found), found


def test_the_command_writes_all_jobs(tmp_path: Path) -> None:
    done = ontime("oozie", "render", "--to", str(tmp_path / "oozie"))
    assert done.returncode == 0, done.stderr
    written = {str(path.relative_to(tmp_path / "oozie")) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {f"{job}/{name}" for job in jobs() for name in FILES}
    (tmp_path / "file").touch()
    refused = ontime("oozie", "render", "daily", "--to", str(tmp_path / "file" / "below"))
    assert refused.returncode == 1
    assert "name another folder with --to" in refused.stderr
