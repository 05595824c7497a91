"""How web.py and buckets.py try a file again, and what they tell of it."""

from tenacity import RetryCallState, Retrying
from tenacity.nap import sleep_using_event

from ingestion import http
from ingestion.finding.fetch.addresses import secrets_of, without_secrets
from ingestion.finding.fetch.cache import Entry
from ingestion.finding.fetch.remote import Transfer, silence

LONGEST_PAUSE = 120.0  # seconds; a server that asks for more patience is left alone


class BrokenError(Exception):
    """An attempt failed, and the next one may not. `pause` is what the server asks for, in seconds."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def attempts(address: str, transfer: Transfer) -> Retrying:
    """Tries what raises a BrokenError again, tells why, and says in the end that it is given up."""

    def say_why(state: RetryCallState) -> None:
        pause = state.next_action.sleep if state.next_action else 0
        why = without_secrets(str(http.error_of(state)), secrets_of(address))
        transfer.progress.say(f"{transfer.location}: {why}; trying again in {pause:.0f} s")

    def give_up(state: RetryCallState) -> None:
        error = http.error_of(state)
        if not isinstance(error, BrokenError):
            raise error
        raise silence(
            address,
            f"{error} (attempt {state.attempt_number} of {http.ATTEMPTS})",
            "check address and network, then load again; what has come is kept",
        ) from None

    return http.attempts(
        may_pass=lambda error: isinstance(error, BrokenError),
        asked=lambda error: error.pause if isinstance(error, BrokenError) else None,
        longest_pause=LONGEST_PAUSE,
        jitter=http.FIRST_PAUSE,
        before_sleep=say_why,
        sleep=sleep_using_event(transfer.stopping),
        retry_error_callback=give_up,
    )


def so_far(entry: Entry) -> str:
    """How much of a file had come, for a message."""
    return f" after {entry.part_size():,} bytes" if entry.part_size() else ""
