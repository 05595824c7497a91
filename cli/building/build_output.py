"""What a build says while it runs: a progress bar on a terminal, a line per model elsewhere."""

from collections import Counter
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ingestion.stopping import is_asked

BUILT = {"LogModelResult", "LogSeedResult"}


class BuildOutput:
    """Listens to dbt's events. Use as a context manager around the run."""

    def __init__(self, stream: TextIO) -> None:
        self.console = Console(file=stream, highlight=False, soft_wrap=True)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
        )
        self.task = self.bar.add_task("reading the project", total=None)
        self.finished: Counter[tuple[str, str]] = Counter()  # by resource type and status

    def __enter__(self) -> "BuildOutput":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()
        models = self.finished["model", "success"] + self.finished["seed", "success"]
        tests = self.finished["test", "pass"] + self.finished["unit_test", "pass"]
        self.console.print(f"built {models} models and seeds, {tests} tests passed")

    def on_event(self, event: Any) -> None:
        """One event of dbt; names and fields as dbt's structured logging documents them."""
        name, data = event.info.name, event.data
        if name == "ConcurrencyLine":
            self.bar.update(self.task, total=data.node_count)
        elif name == "NodeFinished":
            self.finished[data.node_info.resource_type, data.node_info.node_status] += 1
            self.bar.update(self.task, advance=1, description=data.node_info.node_name)
        elif name in BUILT and not is_asked():  # then what runs fails, and that says nothing
            line = f"  {described(data.node_info, data.status)}, {data.execution_time:.2f} s"
            self.console.print(line, markup=False)
        elif name == "JinjaLogInfo":
            self.console.print(data.msg, markup=False)


def described(node: Any, status: str) -> str:
    """`marts__build.dim_dates: 15,798 rows`; `status` is what the server answered, e.g. INSERT 0 15798."""
    name = f"{node.node_relation.schema}.{node.node_name}"
    if node.node_status != "success":
        return f"{name}: {node.node_status}"
    *_, count = status.split()
    return f"{name}: {int(count):,} rows" if count.isdigit() else f"{name}: {node.materialized}"
