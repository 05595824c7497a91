"""What a build says while it runs: a progress bar on a terminal, a line per model elsewhere."""

from types import TracebackType
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

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
        self.tests_passed = 0
        self.models_built = 0

    def __enter__(self) -> "BuildOutput":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()
        self.console.print(f"built {self.models_built} models and seeds, {self.tests_passed} tests passed")

    def on_event(self, event: Any) -> None:
        """One event of dbt; names and fields as dbt's structured logging documents them."""
        name, data = event.info.name, event.data
        if name == "ConcurrencyLine":
            self.bar.update(self.task, total=data.node_count)
        elif name in BUILT:
            self.models_built += data.node_info.node_status == "success"
            self.built(data)
        elif name == "LogTestResult":
            self.tests_passed += data.node_info.node_status == "pass"
            self.bar.update(self.task, advance=1)
        elif name == "JinjaLogInfo":
            self.console.print(data.msg, markup=False)

    def built(self, data: Any) -> None:
        """A model or seed is through: what it wrote and how long it took."""
        node = data.node_info
        self.bar.update(self.task, advance=1, description=node.node_name)
        self.console.print(f"  {described(node, data.status)}, {data.execution_time:.2f} s", markup=False)


def described(node: Any, status: str) -> str:
    """`intermediate.int_flights__records: 336,776 rows`; `status` is what the server answered, e.g. INSERT 0 5."""
    name = f"{node.node_relation.schema}.{node.node_name}"
    if node.node_status != "success":
        return f"{name}: {node.node_status}"
    *_, count = status.split()
    return f"{name}: {int(count):,} rows" if count.isdigit() else f"{name}: {node.materialized}"
