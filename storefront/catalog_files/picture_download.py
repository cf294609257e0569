"""Download pictures that products name by URL: from public addresses only, with limits of size and time."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from storefront.catalog import pictures
from storefront.catalog.models import ProductImage
from storefront.catalog.pictures import PictureError, StoredPicture
from storefront.catalog_files.missing_description_pictures import (
    is_web_address,
    store_named_in_descriptions,
)
from storefront.catalog_files.missing_pictures import store_batch, store_missing
from storefront.errors import StorefrontError
from storefront.web import outbound

IS_AT_WEB_ADDRESS = ProductImage.source.like("http%://%")
MAX_SECONDS = 15.0  # for one picture, all redirects included
MAX_REDIRECTS = 3
THREADS = 4


class FetchError(StorefrontError):
    """A picture could not be downloaded; the text says why."""


def fetch(url: str) -> bytes:
    """Download an http(s) URL and return the body.

    Each redirect goes through the guard (`web/outbound.py`) again.

    Raises:
        FetchError: the address is not public, or the picture is too large, too slow or missing.
    """
    deadline = time.monotonic() + MAX_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = _request(url, deadline)
        except TimeoutError as error:
            raise FetchError(f"it took longer than {MAX_SECONDS:.0f} s") from error
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
            raise FetchError(f"it cannot be reached: {_explain(error)}") from error
        if isinstance(answer, bytes):
            return answer
        url = urljoin(url, answer)
    raise FetchError(f"more than {MAX_REDIRECTS} redirects")


def fetch_missing(media_dir: Path) -> Iterator[tuple[str, str | None]]:
    """Download every picture that is only recorded by its URL; yield each URL with None or the failure's reason."""
    with ThreadPoolExecutor(THREADS) as pool:

        def load(urls: Sequence[str]) -> list[StoredPicture | str]:
            return list(pool.map(lambda url: _download(url, media_dir), urls))

        yield from store_missing(IS_AT_WEB_ADDRESS, load)
        yield from store_named_in_descriptions(is_web_address, load)


def fetch_batch(media_dir: Path, *, after: int, most: int) -> tuple[list[tuple[str, str | None]], int]:
    """Download the next pictures of products that are only recorded by their URL; return what `store_batch` does."""
    with ThreadPoolExecutor(THREADS) as pool:

        def load(urls: Sequence[str]) -> list[StoredPicture | str]:
            return list(pool.map(lambda url: _download(url, media_dir), urls))

        return store_batch(IS_AT_WEB_ADDRESS, load, after=after, most=most)


def _download(url: str, media_dir: Path) -> StoredPicture | str:
    try:
        # "//host/path" has the scheme of the page that it was copied from.
        return pictures.store(fetch(f"https:{url}" if url.startswith("//") else url), media_dir)
    except (FetchError, PictureError) as error:
        return str(error)


def _request(url: str, deadline: float) -> bytes | str:
    """Return the body, or the target of a redirect."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    with outbound.connect(url, timeout=_remaining(deadline)) as connection:
        connection.request("GET", target, headers={"User-Agent": "storefront", "Accept": "image/*"})
        answer = connection.getresponse()
        if answer.status in (301, 302, 303, 307, 308):
            return answer.getheader("Location", "")
        if answer.status != 200:
            raise FetchError(f"the server answered {answer.status}")
        body = answer.read(pictures.MAX_BYTES + 1)
        if len(body) > pictures.MAX_BYTES:
            raise FetchError(f"it is larger than {pictures.MAX_BYTES:,} bytes")
        return body


def _explain(error: Exception) -> str:
    """Return why an address cannot be reached; what the system says of it, if that is rare."""
    match error:
        case socket.gaierror():
            return "there is no server of this name"
        case ConnectionRefusedError():
            return "the server refuses the connection"
        case ssl.SSLCertVerificationError():
            return "the certificate of the server is not valid"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH):
            return "the server cannot be reached from here"
        case _:
            return str(error)


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
