"""Who is told that a task failed for good, or that a run misses its deadline.

The log always; the address of the HTTP connection `ontime_alerts`, by POST of JSON; whom the SMTP connection
`ontime_mail` names, by e-mail. Connections that are not there are left out.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import requests
from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk import BaseHook, Connection, Context, DeadlineAlert, DeadlineReference, SyncCallback
from airflow.sdk.exceptions import AirflowNotFoundException

WEBHOOK, MAIL = "ontime_alerts", "ontime_mail"

SECONDS_TO_ANSWER = 20

log = logging.getLogger(__name__)


def tell_failure(context: Context) -> None:
    """A task has failed and is not tried again."""
    task = context["ti"]
    tell(
        f"{task.dag_id}.{task.task_id} failed",
        {
            "dag": task.dag_id,
            "task": task.task_id,
            "run": task.run_id,
            "tries": task.try_number,
            "reason": str(context.get("exception") or ""),
            "log": task.log_url,
        },
    )


def tell_deadline(minutes: int, context: Mapping[str, Any]) -> None:
    """A run has not ended within so many minutes; it goes on."""
    run = context["dag_run"]
    facts = {"dag": run["dag_id"], "run": run["dag_run_id"]}
    tell(f"{facts['dag']} has not ended within {minutes} minutes", facts)


def deadline(minutes: int) -> DeadlineAlert:
    """An alert when a run has not ended so many minutes after it was due to begin."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=minutes),
        callback=SyncCallback(tell_deadline, kwargs={"minutes": minutes}),
    )


def tell(subject: str, facts: Mapping[str, Any]) -> None:
    """Say it everywhere. One that cannot be reached is logged, and keeps nobody else from being told."""
    log.error("%s: %s", subject, facts)
    ways: dict[str, Callable[[Connection, str, Mapping[str, Any]], None]] = {WEBHOOK: post, MAIL: send_mail}
    for name, way in ways.items():
        with suppress(AirflowNotFoundException):
            to = BaseHook.get_connection(name)
            try:
                way(to, subject, facts)
            except Exception as error:
                # its text could hold the address, which is a secret of most webhooks
                log.error("the connection %s took no alert: %s", name, type(error).__name__)


def post(to: Connection, subject: str, facts: Mapping[str, Any]) -> None:
    """JSON with `text`, as chats take it, and the facts."""
    answer = requests.post(webhook(to), json={"text": subject, **facts}, timeout=SECONDS_TO_ANSWER)
    answer.raise_for_status()


def webhook(to: Connection) -> str:
    """The address as it was given in AIRFLOW_CONN_ONTIME_ALERTS, or on the web page: its path as `schema`."""
    port = f":{to.port}" if to.port else ""
    return f"{to.conn_type}://{to.host}{port}/{to.schema or ''}"


def send_mail(to: Connection, subject: str, facts: Mapping[str, Any]) -> None:
    """To whom the connection's `extra` names as `to_email`, from `from_email`."""
    text = "<br>\n".join(f"{name}: {value}" for name, value in facts.items())
    with SmtpHook(smtp_conn_id=MAIL) as hook:
        hook.send_email_smtp(to=to.extra_dejson["to_email"], subject=subject, html_content=text)
