"""Airflow on this machine: `make airflow`, `make airflow-down`.

    .venv-airflow/bin/python -m orchestration.airflow.server up | down | status

Runs in Airflow's own environment, on the warehouse's server, which `ontime up` started. What is where
(`.ontime/airflow/`, or below the folder that ONTIME_STATE names):

    airflow.cfg             settings with passwords, 0600, written at each start
    airflow.env             for a shell in which Airflow's own command is to find all this
    keys.json               password of the database's role and keys of Airflow, 0600
    passwords.json          of the web page's user, 0600
    port                    of the web page, kept from start to start
    <part>.pid, .log        of api-server, scheduler, dag-processor and triggerer
    logs/                   of tasks

`airflow standalone` would start the same parts, and leave its children alive when it is ended.
"""

import base64
import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any
from urllib.request import ProxyHandler, build_opener

import psutil

from cli.server.files import Say, locked, state_folder, write_private
from cli.server.own_databases import make_own_database
from cli.server.process import free_port, tail
from cli.server.settings import LOOPBACK
from ingestion import PROJECT
from ingestion.errors import OntimeError
from orchestration.airflow.settings import POOL, RESULTS_OF_TASK, USER, airflow_cfg

API_SERVER, SCHEDULER = "api-server", "scheduler"
PARTS = {
    API_SERVER: (),
    SCHEDULER: ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
"""Each with its options, in the order in which they start; they stop the other way round.

Nobody serves logs: the web page reads the files.
"""

DATABASE = "ontime_airflow"
"""Its metadata; and the role that owns it."""

PROGRAM = Path(sys.executable).with_name("airflow")

NOT_RUNNING = 3
SECONDS_TO_START = 300
SECONDS_TO_STOP = 30
SECONDS_TO_REPORT = 3
"""How a task ended, once it has."""


@dataclass(frozen=True)
class Airflow:
    """The parts whose files are in the folder `home`."""

    home: Path

    def start(self, say: Say = print) -> bool:
        """Start the parts that do not run, and wait until all are well; True when this call started one.

        Raises OntimeError: which part ended and how its log ends, or that the time was not enough; what was
        started stays, so that the next call goes on from there.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self.home / "lock"):
            missing = [part for part in PARTS if not self.process(part)]
            if not missing:
                return False
            if API_SERVER in missing:  # else others work with settings and metadata already
                self._write("port", str(free_port(self._kept_port())))
                self._write_settings()
                say("bringing the metadata up to date")
                self._run("db", "migrate")
                self._run("pools", "set", POOL, "1", "builds, one at a time")
            deadline = time.monotonic() + SECONDS_TO_START
            for part in missing:
                say(f"starting {part}")
                self._start_part(part)
                if part == API_SERVER:  # the others ask it at once
                    self._wait(part, deadline, ["metadatabase"])
            self._wait(missing[-1], deadline, ["metadatabase", "scheduler", "dag_processor", "triggerer"])
            return True

    def stop(self) -> bool:
        """End all parts and the commands that they run, and what killed parts left; False when none ran."""
        if not self.home.exists():
            return False
        with locked(self.home / "lock"):
            ended = list(map(self._end, reversed(PARTS)))
            for left in self.home.glob(f"{RESULTS_OF_TASK}*"):  # by killed tasks
                shutil.rmtree(left, ignore_errors=True)
            return any(ended)

    def process(self, part: str) -> psutil.Process | None:
        """The process of a part that runs. Its number alone can be that of another program by now."""
        with suppress(FileNotFoundError, ValueError, psutil.Error):
            pid, began = json.loads(self._pid_file(part).read_text())
            process = psutil.Process(pid)
            if abs(process.create_time() - began) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    @property
    def address(self) -> str:
        """Of the web page."""
        return f"http://{LOOPBACK}:{self._kept_port()}"

    @property
    def passwords(self) -> Path:
        """The file with the password of the web page's user."""
        return self.home / "passwords.json"

    def log(self, part: str) -> Path:
        return self.home / f"{part}.log"

    @property
    def environment(self) -> dict[str, str]:
        """Of all parts: that of the shell, for what loads and Airflow's connections are told by it."""
        own = {"AIRFLOW_HOME": str(self.home), "PYTHONPATH": str(PROJECT)}
        # the parts speak to each other, and no proxy of the shell between them
        around = {
            name: ",".join(filter(None, [os.environ.get(name), LOOPBACK]))
            for name in ("NO_PROXY", "no_proxy")
        }
        return os.environ | own | around

    # Files

    def _kept_port(self) -> int | None:
        return int(file.read_text()) if (file := self.home / "port").exists() else None

    def _pid_file(self, part: str) -> Path:
        return self.home / f"{part}.pid"

    def _write(self, name: str, text: str) -> None:
        write_private(self.home / name, f"{text}\n")

    def _write_settings(self) -> None:
        if not self.passwords.exists():
            self._write(self.passwords.name, json.dumps({USER: secrets.token_urlsafe(18)}))
        if not (file := self.home / "keys.json").exists():
            keys = {name: secrets.token_urlsafe(32) for name in ("database", "api", "jwt")}
            keys["fernet"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            self._write(file.name, json.dumps(keys))
        keys = json.loads(file.read_text())
        metadata = make_own_database(DATABASE, keys["database"])
        port = self._kept_port()
        assert port
        self._write("airflow.cfg", airflow_cfg(self.home, port, metadata, self.passwords, keys))
        found = {name: self.environment[name] for name in ("AIRFLOW_HOME", "PYTHONPATH")}
        program = {"PATH": f"{shlex.quote(str(PROGRAM.parent))}:$PATH"}
        exported = {name: shlex.quote(value) for name, value in found.items()} | program
        self._write("airflow.env", "\n".join(f"export {name}={value}" for name, value in exported.items()))

    # Processes

    def _run(self, *arguments: str) -> None:
        """One of Airflow's commands, to its end."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = tail(done.stdout + done.stderr)
            raise OntimeError(
                f"airflow {' '.join(arguments)} failed:\n{said}", "mend that, then: make airflow"
            )

    def _start_part(self, part: str) -> None:
        self._end(part)  # what is left of it, where it was killed
        with self.log(part).open("ab") as log:
            process = subprocess.Popen(
                [PROGRAM, part, *PARTS[part]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                env=self.environment,
                umask=0o077,
                start_new_session=True,
            )
        began = psutil.Process(process.pid).create_time()
        self._pid_file(part).write_text(json.dumps([process.pid, began]))

    def _wait(self, last: str, deadline: float, wanted: Iterable[str]) -> None:
        """Until the parts up to `last` are well."""
        started = list(PARTS)[: list(PARTS).index(last) + 1]
        while not self.are_well(wanted):
            for part in started:
                if not self.process(part):
                    said = tail(self.log(part).read_text(errors="replace"))
                    raise OntimeError(f"{part} ended:\n{said}", f"the whole log: {self.log(part)}")
            if time.monotonic() > deadline:
                said = f"Airflow was not well within {SECONDS_TO_START} s: {self.health()}"
                raise OntimeError(said, f"wait on: make airflow; logs: {self.home}")
            time.sleep(0.5)

    def health(self) -> dict[str, Any]:
        """What the web page says of the parts, by name; empty where it does not answer."""
        with suppress(OSError, ValueError):
            opener = build_opener(ProxyHandler({}))
            with opener.open(f"{self.address}/api/v2/monitor/health", timeout=5) as answer:
                said: dict[str, Any] = json.load(answer)
                return said
        return {}

    def are_well(self, wanted: Iterable[str]) -> bool:
        health = self.health()
        return all((health.get(name) or {}).get("status") == "healthy" for name in wanted)

    def _end(self, part: str) -> bool:
        """SIGTERM, then SIGKILL, to a part and all that it started; False when there was nothing.

        The scheduler ends when its tasks have, so they are told as well: a command that is told ends at a
        point from which it can be repeated, and its task is tried again. Who waits for a task is not told,
        and reports how that ended.
        """
        family, main = self._family(part), self.process(part)
        told = [process for process in family if process == main or _group(process) == process.pid]
        for process in told:
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                process.terminate() if process == main else os.killpg(process.pid, SIGTERM)
        psutil.wait_procs(told, timeout=SECONDS_TO_STOP)
        _, alive = psutil.wait_procs(family, timeout=SECONDS_TO_REPORT)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=SECONDS_TO_STOP)
        self._pid_file(part).unlink(missing_ok=True)
        return bool(family)

    def _family(self, part: str) -> list[psutil.Process]:
        """A part and all that it started; of one that was killed what it left, by the number of its group."""
        try:
            noted, _ = json.loads(self._pid_file(part).read_text())
        except (FileNotFoundError, ValueError):
            return []
        main = self.process(part)
        if main is None and _is_alive(noted):
            return []  # the number is another's by now
        roots = [main] if main else [other for other in psutil.process_iter() if _group(other) == noted]
        return list(dict.fromkeys(member for root in roots for member in (root, *_children(root))))


def airflow() -> Airflow:
    """Airflow of this project; ONTIME_STATE names another state folder than `.ontime/`."""
    return Airflow(state_folder() / "airflow")


def _is_alive(pid: int) -> bool:
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def _group(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError):
        return os.getpgid(process.pid)
    return None


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return list(process.children(recursive=True))
    return []


def up(ours: Airflow) -> int:
    started = ours.start()
    print(f"Airflow {'started' if started else 'runs already'}: {ours.address}")
    print(f"user {USER}, password in {ours.passwords}")
    return 0


def down(ours: Airflow) -> int:
    print("Airflow stopped" if ours.stop() else "Airflow did not run")
    return 0


def status(ours: Airflow) -> int:
    """Exit code 0: all parts run, 3: not all."""
    processes = {part: ours.process(part) for part in PARTS}
    for part, process in processes.items():
        print(f"{part:<14} {f'process {process.pid}' if process else 'stopped':<16} {ours.log(part)}")
    return 0 if all(processes.values()) else NOT_RUNNING


def main(arguments: list[str]) -> int:
    commands = {"up": up, "down": down, "status": status}
    if len(arguments) != 1 or arguments[0] not in commands:
        print((__doc__ or "").split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    try:
        return commands[arguments[0]](airflow())
    except OntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
