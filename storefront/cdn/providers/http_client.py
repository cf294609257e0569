"""Requests to an edge. Its address comes from the operator, so the guard of `web.outbound` is not needed."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from storefront.errors import StorefrontError

# Seconds for connecting, and for each wait for the edge.
TIMEOUT = 2.0
# Seconds for which an edge can ask to be left alone (Retry-After).
LONGEST_PAUSE = 300
_MOST_BYTES = 65_536
_CHECK_TOKEN = "Check STOREFRONT_EDGE_TOKEN and what it may do at the edge."  # noqa: S105  # a sentence


class EdgeError(StorefrontError):
    """An edge did not confirm a purge. The text never contains the token.

    Attributes:
        retry_after_seconds: for how long the edge asked to be left alone; None if it did not say.
        is_refusal: whether it will refuse again until somebody corrects the configuration.
    """

    def __init__(
        self, text: str, *, retry_after_seconds: float | None = None, is_refusal: bool = False
    ) -> None:
        super().__init__(text)
        self.retry_after_seconds, self.is_refusal = retry_after_seconds, is_refusal


class EdgeConnection:
    """A connection to an edge, for one or more requests."""

    def __init__(self, connection: http.client.HTTPConnection, host: str, path: str) -> None:
        self._connection, self._host, self._path = connection, host, path

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
        """Send a request and return the body of the answer.

        Raises:
            EdgeError: the edge did not answer 2xx.
        """
        self._connection.request(method, self._path + path, body, {"User-Agent": "Storefront", **headers})
        answer = self._connection.getresponse()
        content = answer.read(_MOST_BYTES)
        if 200 <= answer.status < 300:
            return content
        if answer.status == 429:
            pause = _read_pause(answer.headers.get("Retry-After", ""))
            raise EdgeError(f"{self._host} answered 429: too many purges.", retry_after_seconds=pause)
        if answer.status in (401, 403):
            raise EdgeError(
                f"{self._host} refuses the purge ({answer.status}). {_CHECK_TOKEN}", is_refusal=True
            )
        if 400 <= answer.status < 500:
            hint = "Check STOREFRONT_EDGE_URL and STOREFRONT_EDGE_SERVICE."
            raise EdgeError(f"{self._host} answered {answer.status}. {hint}", is_refusal=True)
        raise EdgeError(f"{self._host} answered {answer.status}.")


@contextmanager
def connect(url: str) -> Iterator[EdgeConnection]:
    """Connect to an edge; the connection is closed at the end.

    Raises:
        EdgeError: it cannot be reached, or does not answer in time; the causing errors of the block, too.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(host, port or 443, timeout=TIMEOUT, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port or 80, timeout=TIMEOUT)
    )
    try:
        yield EdgeConnection(connection, parts.netloc, parts.path)
    except TimeoutError as error:
        raise EdgeError(f"{parts.netloc} does not answer within {TIMEOUT:g} s.") from error
    except (OSError, http.client.HTTPException) as error:
        raise EdgeError(f"{parts.netloc} cannot be reached: {error or type(error).__name__}.") from error
    finally:
        connection.close()


def _read_pause(value: str) -> float | None:
    return (
        float(min(int(value), LONGEST_PAUSE))
        if value.isascii() and value.isdigit() and len(value) < 9
        else None
    )
