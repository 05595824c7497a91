"""How a command ends that is asked to stop, by SIGTERM or Ctrl-C: in good order, as after an error.

The main thread gets a KeyboardInterrupt, and gives back on its way out what it holds: folders, locks,
connections, programs that it started. No thread hears of that while it waits for Postgres: what is asked
there is cancelled, by whichever library. Who reads in another thread looks at `is_asked` now and then.
"""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn
from weakref import WeakSet

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_TO_END_BY_ITSELF = 0.3  # seconds for what is asked of Postgres, then again and again
_FOR_THREADS = 2.0  # seconds: one that waits for bytes from elsewhere may wait for minutes

FAILED = 1
STOPPED = 128 + signal.SIGTERM  # 143, as of a program that does not hear it

_asked: signal.Signals | None = None
_spared: "WeakSet[Any]" = WeakSet()


def spare(opened: Any) -> None:
    """Cancel nothing on this connection of psycopg2: it says how the command ended."""
    _spared.add(opened)


def asked_by() -> signal.Signals | None:
    """The signal that asked this process to stop."""
    return _asked


def is_asked() -> bool:
    """Whether this process was asked to stop."""
    return _asked is not None


def exit_code_of_stop() -> int:
    """With which exit code a process ends that was asked to stop."""
    return STOPPED if _asked is signal.SIGTERM else FAILED


@contextmanager
def heard() -> Iterator[None]:
    """While this lasts, signals end what runs. A second SIGTERM does nothing, a second Ctrl-C ends that too.

    Only the main thread hears signals: in another one this does nothing.
    """
    global _asked
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    is_over = threading.Event()
    cancelling = threading.Thread(target=_cancel_when_asked, args=[ear, is_over], name="stop", daemon=True)
    cancelling.start()
    woken = signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # as Ctrl-C is, in the background of a shell
                signal.signal(number, _stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woken)
        is_over.set()
        os.close(mouth)
        cancelling.join(_FOR_THREADS)
        _asked = None


def exit_with(code: int) -> NoReturn:
    """Ends the process, also where threads still wait for bytes from elsewhere."""
    deadline = time.monotonic() + _FOR_THREADS
    others = [it for it in threading.enumerate() if not it.daemon and it is not threading.main_thread()]
    for thread in others:
        thread.join(max(deadline - time.monotonic(), 0))
    if any(thread.is_alive() for thread in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _stop(number: int, _frame: FrameType | None) -> None:
    global _asked
    _asked = signal.Signals(number)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # timeout(1) sends it twice
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    raise KeyboardInterrupt


def _cancel_when_asked(ear: int, is_over: threading.Event) -> None:
    """Python writes each signal to the pipe at once, also while the main thread waits outside of Python."""
    with open(ear, "rb", buffering=0) as pipe:
        while number := pipe.read(1):
            while number[0] in _SIGNALS and not is_over.wait(_TO_END_BY_ITSELF):
                cancel_statements()


def cancel_statements() -> None:
    """Of all connections of this process, also those of dlt, dbt and SQLAlchemy. Idle ones do not mind."""
    if "psycopg2.extensions" not in sys.modules:
        return
    import psycopg2.extensions  # only here: help and what needs no server do without

    for found in gc.get_objects():
        if issubclass(type(found), psycopg2.extensions.connection) and found not in _spared:
            with suppress(psycopg2.Error):
                found.cancel()
