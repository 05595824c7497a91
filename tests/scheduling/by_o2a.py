"""`python -m tests.scheduling.by_o2a O2A`: does an independent reader find the transitions that we wrote?

O2A is the command of Google's oozie-to-airflow, in an environment of its own, for it brings an Airflow:

    python3 -m venv o2a && o2a/bin/pip install o2a && o2a/bin/pip install 'wrapt>=1.15'
    apt-get install libxml2-utils

The wrapt of 2020 that it asks for needs a Python before 3.11. With xmllint it checks workflow.xml against the
schemas that it brings, that of the e-mail action included; then it writes a DAG of Airflow.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.scheduling.find import jobs
from cli.scheduling.jobs import Job
from cli.scheduling.oozie.render import render
from cli.scheduling.oozie.workflow import Fork, workflow

Edges = set[tuple[str, str]]

# what o2a asks of where its DAG will run
CONFIGURATION = "dataproc_cluster=none\ngcp_region=none\ngcp_conn_id=none\ngcp_uri_prefix=none\n"


def edges_of(job: Job) -> Edges:
    """The transitions that we mean. A fork with nothing before it o2a leaves out, as a DAG can do without."""
    made = workflow(job)
    start = made.nodes[made.start]
    nodes = [node for node in made.nodes.values() if not (node is start and isinstance(node, Fork))]
    return {(node.name, to) for node in nodes for to in node.goes_to}


def edges_by_o2a(job: Job, o2a: Path, folder: Path) -> Edges:
    """The transitions that o2a reads in our workflow.xml."""
    flow, _, properties = render(job, folder / "rendered")
    given = folder / job.name / "hdfs"
    given.mkdir(parents=True)
    (given / flow.name).write_text(flow.read_text())
    (given.parent / properties.name).write_text(properties.read_text())
    (given.parent / "configuration.properties").write_text(CONFIGURATION)
    written = folder / "written" / job.name
    environment = {
        "USER": "nobody",
        "PATH": f"{o2a.parent}:{os.environ['PATH']}",
        "AIRFLOW_HOME": str(folder),
    }
    subprocess.run([o2a, "-i", given.parent, "-o", written, "-n", job.name], env=environment, check=True)
    return set(_edges(ast.parse((written / f"{job.name}.py").read_text())))


def _edges(dag: ast.Module) -> Iterator[tuple[str, str]]:
    """Of all `one.set_downstream(other)`; what o2a calls `one_ok` and `one_error` is the way out of `one`."""
    names = {
        statement.targets[0].id: str(task_id.value.value)  # type: ignore[attr-defined]
        for statement in ast.walk(dag)
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        for task_id in statement.value.keywords
        if task_id.arg == "task_id"
    }
    for call in ast.walk(dag):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "set_downstream"
        ):
            ends = (names[end.id] for end in (call.func.value, call.args[0]))  # type: ignore[attr-defined]
            one, other = (re.sub(r"_(ok|error)$", "", end) for end in ends)
            if one != other:
                yield one, other


def main() -> None:
    o2a = Path(sys.argv[1]).absolute()
    differ = 0
    with TemporaryDirectory() as folder:
        for job in jobs().values():
            ours, read = edges_of(job), edges_by_o2a(job, o2a, Path(folder))
            differ += ours != read
            print(f"{job.name}: {len(ours)} transitions, read otherwise: {sorted(ours ^ read) or 'none'}")
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
