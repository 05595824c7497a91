"""Who is told of a failure: the log, a webhook, a mailbox; none keeps the others from being told."""

from email.message import Message
from pathlib import Path
from typing import Any

from tests.airflow.environment import in_airflow
from tests.airflow.receiver import mailbox, webhook

TELL = """
import json, logging
from io import StringIO
from orchestration.airflow.alerts import log as logger, tell

log = StringIO()
logger.addHandler(logging.StreamHandler(log))
tell("ontime_daily.build failed", {"dag": "ontime_daily", "task": "build", "reason": "exit code 1"})
print(json.dumps(log.getvalue()))
"""


def told(home: Path, **connections: str) -> Any:
    """The log of an alert, with these addresses of connections."""
    return in_airflow(home, TELL, connections=connections)


def text_of(letter: Message) -> str:
    parts = [part.get_payload(decode=True) for part in letter.walk() if not part.is_multipart()]
    return "".join(part.decode() for part in parts if isinstance(part, bytes))


def test_webhook_and_mailbox_are_told(tmp_path: Path) -> None:
    with webhook() as hook, mailbox() as box:
        mail = f"smtp://127.0.0.1:{box.port}/?from_email=ontime@example.org&to_email=team@example.org"
        log = told(
            tmp_path,
            ONTIME_ALERTS=f"http://127.0.0.1:{hook.port}/services/T0/secret",
            ONTIME_MAIL=f"{mail}&disable_ssl=true&disable_tls=true&retry_limit=1&timeout=20",
        )
    (posted,) = hook.posted
    assert posted == {
        "path": "/services/T0/secret",
        "text": "ontime_daily.build failed",
        "dag": "ontime_daily",
        "task": "build",
        "reason": "exit code 1",
    }
    (letter,) = box.letters
    assert (letter["From"], letter["To"]) == ("ontime@example.org", "team@example.org")
    assert letter["Subject"] == "ontime_daily.build failed"
    assert "task: build" in text_of(letter)
    assert "ontime_daily.build failed" in log
    assert "secret" not in log


def test_a_webhook_that_fails_keeps_nobody_from_being_told_and_stays_secret(tmp_path: Path) -> None:
    with webhook() as hook, mailbox() as box:
        hook.status = 500
        mail = f"smtp://127.0.0.1:{box.port}/?from_email=ontime@example.org&to_email=team@example.org"
        log = told(
            tmp_path,
            ONTIME_ALERTS=f"http://127.0.0.1:{hook.port}/services/T0/secret",
            ONTIME_MAIL=f"{mail}&disable_ssl=true&disable_tls=true&retry_limit=1&timeout=20",
        )
    assert (len(hook.posted), len(box.letters)) == (1, 1)
    assert "the connection ontime_alerts took no alert: HTTPError" in log
    assert "secret" not in log


def test_without_connections_the_log_has_it(tmp_path: Path) -> None:
    log = told(tmp_path)
    assert "ontime_daily.build failed" in log
    assert "took no alert" not in log
