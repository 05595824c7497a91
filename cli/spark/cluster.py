"""The processes of the cluster: `ontime spark up | down | status`.

What is where (`.ontime/spark/`, or below the folder that ONTIME_STATE names):

    ports.json          Master, its page, and Thrift server; kept from start to start
    password            of the metastore's role, 0600
    conf/               hive-site.xml (holds that password) and spark-defaults.conf, written at each start
    <part>.pid, .log    of master, worker-1, worker-2 and thrift-server
    work/               of the workers, and what is only needed while they run
    lake/, tables/      the rows of raw tables (or where ONTIME_LAKE says), and of what dbt makes of them

A process counts as ours when its command line names this folder: the number of a pid file alone can be that
of another program by now.
"""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.request import urlopen

from cli.server.files import Say, locked, state_folder, write_private
from cli.server.process import command_line, free_port, tail
from cli.server.settings import LOOPBACK
from cli.spark import programs
from cli.spark.metastore import make_metastore
from cli.spark.settings import (
    WAIT,
    WORKER_MEMORY,
    WORKERS,
    hive_site,
    seconds_to_wait,
    spark_defaults,
)
from ingestion.errors import OntimeError

MASTER, THRIFT = "master", "thrift-server"
WORKER_PARTS = tuple(f"worker-{number}" for number in range(1, WORKERS + 1))
PARTS = (MASTER, *WORKER_PARTS, THRIFT)
"""In the order in which they start; they stop the other way round."""

SECONDS_TO_STOP = 30


@dataclass(frozen=True)
class Cluster:
    """The cluster whose files are in the folder `home`; `settings` of Spark beside those that it has here."""

    home: Path
    settings: Mapping[str, object] = field(default_factory=dict)

    def start(self, say: Say = print) -> bool:
        """Start what does not run and wait until it answers; True when this call started something.

        Raises OntimeError: what this machine lacks, which part ended and how its log ends, or that the time
        was not enough; what was started stays, so that the next call goes on from there.
        """
        programs.java(), programs.jdbc_driver(), programs.spark_home()
        self._make_folders()
        with locked(self._lock):
            if not self.process_id(THRIFT):
                self._end_executors()
            missing = [part for part in PARTS if not self.process_id(part)]
            if not missing:
                return False
            self._choose_ports(missing)
            self._write_settings()
            deadline = time.monotonic() + seconds_to_wait()
            for part in missing:
                say(f"starting {part}")
                self._start_part(part)
                if part == MASTER:
                    self._wait_for(part, deadline)
            self._wait_for(THRIFT, deadline)  # and so for workers, where they alone were missing
            return True

    def stop(self) -> bool:
        """End all parts, Thrift server first; False when none ran. Those that do not heed are killed."""
        if not self.home.exists():
            return False
        with locked(self._lock):
            running = [(part, pid) for part in reversed(PARTS) if (pid := self.process_id(part))]
            for part, pid in running:
                self._end(pid)
                self._pid_file(part).unlink(missing_ok=True)
            return bool(running)

    def process_id(self, part: str) -> int | None:
        """The process id of a part that runs, else None."""
        with suppress(FileNotFoundError, ValueError):
            pid = int(self._pid_file(part).read_text())
            if f"-Dontime.part={part}" in (line := command_line(pid)) and str(self.home) in line:
                return pid
        return None

    @property
    def address(self) -> str:
        """HOST:PORT of the Thrift server."""
        return f"{LOOPBACK}:{self._ports[THRIFT]}"

    def workers(self) -> int:
        """How many workers the Master knows as alive; 0 where it does not answer."""
        try:
            with urlopen(f"http://{LOOPBACK}:{self._ports['page']}/json/", timeout=5) as answer:
                return int(json.load(answer)["aliveworkers"])
        except (OSError, ValueError, KeyError):
            return 0

    @property
    def tables(self) -> Path:
        """The folder of what dbt makes; below it one for each database and table."""
        return self.home / "tables"

    def log(self, part: str) -> Path:
        return self.home / f"{part}.log"

    # Files

    def _pid_file(self, part: str) -> Path:
        return self.home / f"{part}.pid"

    @property
    def _conf(self) -> Path:
        return self.home / "conf"

    @property
    def _ports(self) -> dict[str, int]:
        try:
            ports: dict[str, int] = json.loads((self.home / "ports.json").read_text())
        except FileNotFoundError:
            raise OntimeError("there is no Spark cluster yet", "start it with: ontime spark up") from None
        return ports

    def _make_folders(self) -> None:
        for folder in (self.home, self._conf, self.home / "work", self.tables):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def _lock(self) -> Path:
        """Held by who starts or stops the cluster."""
        return self.home / "lock"

    def _choose_ports(self, missing: list[str]) -> None:
        """Keep the ports of parts that run, and those of the last start that are still free."""
        kept = json.loads(file.read_text()) if (file := self.home / "ports.json").exists() else {}
        of_part = {MASTER: MASTER, "page": MASTER, THRIFT: THRIFT}
        ports = {
            name: free_port(kept.get(name)) if part in missing else kept[name]
            for name, part in of_part.items()
        }
        file.write_text(json.dumps(ports) + "\n")

    def _write_settings(self) -> None:
        file = self.home / "password"
        password = file.read_text() if file.exists() else secrets.token_urlsafe(24)
        metastore = make_metastore(password)
        write_private(file, password)
        write_private(self._conf / "hive-site.xml", hive_site(metastore, self.home / "work" / "scratch"))
        write_private(
            self._conf / "spark-defaults.conf",
            spark_defaults(self.home, programs.jdbc_driver(), self.settings),
        )

    # Processes

    @cached_property
    def _environment(self) -> dict[str, str]:
        """Of all parts. Nothing of the shell's Spark or Hadoop settings, which name other clusters."""
        java = programs.java()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        return kept | {
            "JAVA_HOME": str(java.resolve().parent.parent),
            "SPARK_HOME": str(programs.spark_home()),
            "SPARK_CONF_DIR": str(self._conf),
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_NO_DAEMONIZE": "1",
            "TZ": "UTC",
        }

    def _command(self, part: str) -> list[str]:
        home, ports = programs.spark_home(), self._ports
        master = f"spark://{LOOPBACK}:{ports[MASTER]}"
        if part == THRIFT:
            return [
                *(str(home / "bin" / "spark-submit"), "--master", master, "--name", "ontime"),
                *("--driver-java-options", self._java_options(part)),
                *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal"),
                *("--hiveconf", f"hive.server2.thrift.port={ports[THRIFT]}"),
            ]
        deploy = "org.apache.spark.deploy"
        program = str(home / "bin" / "spark-class")
        if part == MASTER:
            own = ["--port", str(ports[MASTER]), "--webui-port", str(ports["page"])]
            return [program, f"{deploy}.master.Master", "--host", LOOPBACK, *own]
        own = ["--cores", "1", "--memory", WORKER_MEMORY, "--webui-port", "0", "--work-dir"]
        work = str(self.home / "work" / part)
        return [program, f"{deploy}.worker.Worker", "--host", LOOPBACK, *own, work, master]

    def _java_options(self, part: str) -> str:
        return f"-Dontime.part={part} -Dontime.home={self.home} -Duser.timezone=UTC"

    def _daemon_settings(self, part: str) -> dict[str, str]:
        """Of Master and workers, which do little; the Thrift server's are those of a driver."""
        if part == THRIFT:
            return {}
        options = f"{self._java_options(part)} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        return {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": options}

    def _start_part(self, part: str) -> None:
        with self.log(part).open("ab") as log:
            process = subprocess.Popen(
                self._command(part),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env=self._environment | self._daemon_settings(part),
                umask=0o077,
                start_new_session=True,
            )
        self._pid_file(part).write_text(f"{process.pid}\n")

    def _wait_for(self, part: str, deadline: float) -> None:
        """Until its port answers, and for the Thrift server all workers too."""
        while not self._is_ready(part):
            if not _is_alive(int(self._pid_file(part).read_text())):
                raise OntimeError(
                    f"{part} ended:\n{_reason(self.log(part))}", f"the whole log: {self.log(part)}"
                )
            if time.monotonic() > deadline:
                raise OntimeError(
                    f"{part} did not answer within {seconds_to_wait()} s",
                    f"wait on: ontime spark up (longer at once: {WAIT}=1200); its log: {self.log(part)}",
                )
            time.sleep(0.3)

    def _is_ready(self, part: str) -> bool:
        with socket.socket() as trial:
            trial.settimeout(2)
            if trial.connect_ex((LOOPBACK, self._ports[part])):
                return False
        return part == MASTER or self.workers() == WORKERS

    def _end_executors(self) -> None:
        """End the workers, and so all that a Thrift server has left there: it might write to tables yet."""
        for part in WORKER_PARTS:
            if pid := self.process_id(part):
                self._end(pid)

    def _end(self, pid: int) -> None:
        """SIGTERM, then SIGKILL, to the part and the executors that it started; returns when all are gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(pid, number)
            deadline = time.monotonic() + SECONDS_TO_STOP
            while time.monotonic() < deadline:
                if not _is_alive(pid) and not _runs(pid):
                    return
                time.sleep(0.1)


def cluster() -> Cluster:
    """The cluster of this project; ONTIME_STATE names another state folder than `.ontime/`."""
    return Cluster(state_folder() / "spark")


def _is_alive(pid: int) -> bool:
    """A zombie is not: its command line is empty. So is that of our own child while it becomes java."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    return bool(command_line(pid))


def _runs(group: int) -> bool:
    """Whether a process of this group runs, zombies not counted. Without /proc nobody knows."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, of_group = file.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in "ZX":
                return True
    return False


def _reason(log: Path) -> str:
    """The last exceptions of a log of Java, whose end is a stack of calls; without one, its end."""
    lines = log.read_text(errors="replace").splitlines()
    causes = [
        line for line in lines if re.search(r"^(Caused by: )?[\w.]+(Exception|Error): |^Exception in ", line)
    ]
    return tail("\n".join(causes[-2:] or lines))
