"""Runs as events of OpenLineage: START, then COMPLETE, FAIL or ABORT, with what was read and written.

Who listens, and how, the client's own variables say (OPENLINEAGE_URL, OPENLINEAGE_CONFIG, ...); without them
nothing is imported. Events go out in a thread: a receiver that is slow or down keeps a command waiting for
SECONDS_AT_THE_END at most, and is told in one line.
"""

import logging
import os
import queue
import socket
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from cli.console import note
from cli.runs.release import release
from ingestion import PROJECT

SECONDS_AT_THE_END = 3.0

NAMESPACE = "OPENLINEAGE_NAMESPACE"
"""The variable of OpenLineage with the namespace of jobs; `ontime` without it."""

_NAMING_A_RECEIVER = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT")
_STATES = {"succeeded": "COMPLETE", "stopped": "ABORT"}

Place = tuple[str, int, str]
"""Host (or folder of its socket), port and database of a server."""


def is_wanted() -> bool:
    """Whether the variables of OpenLineage name a receiver, and do not switch it off."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    return any(value and name.startswith(_NAMING_A_RECEIVER) for name, value in os.environ.items())


class Lineage:
    """The events of one run of `job`, such as load.bts."""

    def __init__(self, run_id: str, job: str, place: Place) -> None:
        host, port, self._database = place
        # a socket has no address: the machine has a name
        self._server = f"postgres://{socket.gethostname() if host.startswith('/') else host}:{port}"
        self._run_id, self._job = run_id, job
        self._parent: tuple[str, str] | None = None
        self._to_send: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._lost = ""
        self._thread = threading.Thread(target=self._send, name="lineage", daemon=True)
        self._thread.start()

    def started(self, parent_run_id: str | None, parent_job: str | None) -> None:
        """Tell that it has begun; of a parent only where its id is one of OpenLineage, a UUID."""
        if (parent := _as_uuid(parent_run_id)) is not None:
            self._parent = (parent, parent_job or "run")
        self._tell("START", [], {}, None)

    def ended(
        self, outcome: str, reads: Sequence[str], writes: Mapping[str, int | None], said: str | None
    ) -> None:
        """Tell how it ended, wait until that is sent, or say that it was not."""
        self._tell(_STATES.get(outcome, "FAIL"), reads, writes, said)
        self._to_send.put(None)
        self._thread.join(SECONDS_AT_THE_END)
        if self._thread.is_alive():
            self._lost = f"the receiver did not take them within {SECONDS_AT_THE_END:.0f} s"
        if self._lost:
            note(f"events of OpenLineage were not delivered: {self._lost}")

    def _tell(
        self, state: str, reads: Sequence[str], writes: Mapping[str, int | None], said: str | None
    ) -> None:
        self._to_send.put(
            {
                "state": state,
                "at": datetime.now(UTC).isoformat(),
                "reads": dict.fromkeys(reads),
                "writes": writes,
                "said": said if state == "FAIL" else None,
            }
        )

    def _send(self) -> None:
        """In the thread: the client takes a second to import."""
        try:
            client = _client()
            while (told := self._to_send.get()) is not None:
                client.emit(self._event(**told))
        except ImportError:
            self._lost = "openlineage-python is not installed; run: make lineage"
        except (
            Exception
        ) as error:  # whatever a transport raises; its words may hold an address with a password
            self._lost = type(error).__name__

    def _event(
        self,
        state: str,
        at: str,
        reads: Mapping[str, None],
        writes: Mapping[str, int | None],
        said: str | None,
    ) -> Any:
        from openlineage.client import event_v2, facet_v2

        namespace = os.environ.get(NAMESPACE) or "ontime"
        run_facets: dict[str, Any] = {}
        if self._parent:
            run_id, job = self._parent
            run_facets["parent"] = facet_v2.parent_run.ParentRunFacet(
                run=facet_v2.parent_run.Run(runId=run_id),
                job=facet_v2.parent_run.Job(namespace=namespace, name=job),
            )
        if said:
            run_facets["errorMessage"] = facet_v2.error_message_run.ErrorMessageRunFacet(
                message=said, programmingLanguage="python"
            )
        of_command = facet_v2.job_type_job.JobTypeJobFacet("BATCH", "ONTIME", "COMMAND")
        return event_v2.RunEvent(
            eventTime=at,
            eventType=event_v2.RunState[state],
            producer=f"urn:ontime:{quote(release(PROJECT))}",
            run=event_v2.Run(runId=self._run_id, facets=run_facets),
            job=event_v2.Job(namespace=namespace, name=self._job, facets={"jobType": of_command}),
            inputs=[event_v2.InputDataset(*self._dataset(name)) for name in reads],
            outputs=[
                event_v2.OutputDataset(*self._dataset(name), outputFacets=_of_rows(rows))
                for name, rows in writes.items()
            ],
        )

    def _dataset(self, name: str) -> tuple[str, str]:
        """Namespace and name of a table, such as raw_bts.dataexpo, or of `file flights.csv`."""
        if name.startswith(FILE):
            return "file", name.removeprefix(FILE)
        return self._server, f"{self._database}.{name}"


FILE = "file "
"""Before the name of what is read and is no table of the warehouse."""


def _client() -> Any:
    logging.getLogger("openlineage").setLevel(logging.CRITICAL)  # what goes wrong is told once, by us
    from openlineage.client import OpenLineageClient

    return OpenLineageClient()


def _of_rows(rows: int | None) -> dict[str, Any]:
    """The facet that says how many rows were written, where somebody counted them."""
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    if rows is None:
        return {}
    return {"outputStatistics": statistics.OutputStatisticsOutputDatasetFacet(rowCount=rows)}


def _as_uuid(text: str | None) -> str | None:
    """The id of a run as OpenLineage takes it; None for what is none."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None
