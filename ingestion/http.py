"""How this project asks servers: so often, with such pauses, at no one's expense.

What downloads (finding/fetch/web.py) and what asks APIs (apis/client.py) have in common. Each says for itself
which errors may pass, and what the user is told.
"""

import ssl
from collections.abc import Callable
from typing import Any

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential_jitter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from ingestion.errors import root_of

ATTEMPTS = 5
FIRST_PAUSE = 1.0  # seconds before the second attempt; each further pause is twice as long
TIMEOUTS = (15.0, 60.0)  # seconds without a connection, and without an answer

TRUST_MORE = "REQUESTS_CA_BUNDLE names a file with further certificates to trust"
"""The remedy for a certificate that is not trusted."""

PROXY_FAILS = "the proxy does not let it through"
MEND_PROXY = "check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, or name the host in NO_PROXY"
NO_BUNDLE = "the file of certificates to trust cannot be read"
MEND_BUNDLE = "check REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, which name it"


def attempts(
    may_pass: Callable[[BaseException], bool],
    asked: Callable[[BaseException], float | None],
    longest_pause: float,
    jitter: float = 0.0,
    **further: Any,
) -> Retrying:
    """Tries what raises an error that may pass again, ATTEMPTS times in all; in the end the error comes out.

    `asked` says how many seconds the server asks to wait, if it does; else pauses grow from FIRST_PAUSE to
    `longest_pause`, each up to `jitter` seconds longer by chance. `further` goes to tenacity.
    """
    growing = wait_exponential_jitter(multiplier=FIRST_PAUSE, max=longest_pause, jitter=jitter)

    def pause(state: RetryCallState) -> float:
        seconds = asked(error_of(state))
        return growing(state) if seconds is None else seconds

    return Retrying(
        retry=retry_if_exception(may_pass),
        stop=stop_after_attempt(ATTEMPTS),
        wait=pause,
        reraise=True,
        **further,
    )


def error_of(state: RetryCallState) -> BaseException:
    """Why an attempt failed."""
    error = state.outcome.exception() if state.outcome else None
    assert error is not None
    return error


def retry_after(answer: requests.Response) -> float | None:
    """Seconds that a server asks to wait: it may give seconds or a time."""
    try:
        return Retry().parse_retry_after(answer.headers["Retry-After"])
    except (KeyError, InvalidHeader):
        return None


def distrust(error: BaseException) -> str | None:
    """What is wrong with the server's certificate, or its TLS, if that is where an error began."""
    root = root_of(error)
    if isinstance(root, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {root.verify_message}"
    if isinstance(root, ssl.SSLError) and root.reason == "WRONG_VERSION_NUMBER":
        return "it speaks no TLS there: is the address one of http://?"
    return None


def proxy_failure(error: BaseException) -> str:
    """What is wrong with the proxy that the environment names; its address may hold a password."""
    root = root_of(error)
    said = said_by_system(error) or (str(root) if str(root).startswith("Tunnel connection failed") else "")
    return f"{PROXY_FAILS}: {said}" if said else PROXY_FAILS


def is_of_proxy(error: BaseException) -> bool:
    """Whether it is the proxy that failed, or that the environment names wrongly."""
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidProxyURL):
        return True
    return isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in str(error)


def lacks_bundle(error: BaseException) -> bool:
    """Whether requests found no file of certificates where the environment names one; it says OSError."""
    return isinstance(error, OSError) and error.errno is None and "TLS CA certificate bundle" in str(error)


def said_by_system(error: BaseException) -> str | None:
    """What the system says where an error began, such as `Connection refused`."""
    root = root_of(error)
    return root.strerror if isinstance(root, OSError) else None
