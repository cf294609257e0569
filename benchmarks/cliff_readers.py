"""The readers of `python -m benchmarks cliff`, in a process of their own: 16 clients, each with one connection.

`python -m benchmarks.cliff_readers HOST:PORT` gets the pages as the first line of its input, in JSON, and answers
"ready" when it has read each of them twice. It reads from then on. Each further line ends a phase: what was read in
it is written as one line of JSON. The input's end ends the process.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from contextlib import suppress
from typing import Any

import msgspec

CLIENTS = 16
PAUSE = 0.005  # seconds between the requests of a client: visitors, not a flood
_ETAG = re.compile(rb"\r\netag: ([^\r]+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_STATUS = re.compile(rb"\r\ncache-status: ([^\r]+)", re.IGNORECASE)
_PRODUCT = re.compile(r'href="(/products/[^"?]+)"')
_PRICE = re.compile(r'class="price__now">([^<]+)<')


class Reading(msgspec.Struct, array_like=True):
    """One answer.

    Attributes:
        page: the address.
        asked: when the request was sent, on the clock that all processes share (time.monotonic).
        seconds: until the answer was read.
        status: `Cache-Status`.
        etag: names the version of the page.
    """

    page: str
    asked: float
    seconds: float
    status: str
    etag: str


class Phase(msgspec.Struct):
    """What was read until a phase ended.

    Attributes:
        readings: the answers.
        prices: the prices that a version of a page printed, by its ETag: of each product's address, as texts.
    """

    readings: list[Reading] = []
    prices: dict[str, dict[str, str]] = {}


class _Readers:
    def __init__(self, address: str, pages: list[str]) -> None:
        self._host, _, self._port = address.partition(":")
        self._pages = pages
        self.phase = Phase()

    async def read_all(self, first: int) -> None:
        """Read all pages in turn, from this one on."""
        reader, writer = await asyncio.open_connection(self._host, int(self._port))
        try:
            for page in self._pages[first:] + self._pages[:first]:
                await self._read(reader, writer, page)
                await asyncio.sleep(PAUSE)
        finally:
            writer.close()

    async def read_forever(self, first: int) -> None:
        """Read all pages again and again, over new connections, as visitors come and go."""
        while True:
            await self.read_all(first)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, page: str) -> None:
        asked = time.monotonic()
        host = f"{self._host}:{self._port}"
        writer.write(f"GET {page} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: identity\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(int(_find(_LENGTH, head)))
        seconds = time.monotonic() - asked
        if not head.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"{page} answered {head.partition(b' ')[2][:30]!r}")
        etag = _find(_ETAG, head)
        self.phase.readings.append(Reading(page, asked, seconds, _find(_STATUS, head), etag))
        if etag not in self.phase.prices:
            self.phase.prices[etag] = find_prices(page, body.decode())


def find_prices(page: str, body: str) -> dict[str, str]:
    """Return the prices that a page prints, by the product's address: its own, and those of its cards."""
    own, *cards = body.split('<article class="card')
    found = {}
    if page.startswith("/products/") and (price := _PRICE.search(own)):
        found[page] = price[1]
    for card in cards:
        if (product := _PRODUCT.search(card)) and (price := _PRICE.search(card)):
            found[product[1]] = price[1]
    return found


def _find(pattern: re.Pattern[bytes], head: bytes) -> str:
    found = pattern.search(head)
    return found[1].decode("latin-1") if found else ""


async def _run(address: str, pages: list[str]) -> None:
    readers = _Readers(address, pages)
    places = [place * len(pages) // CLIENTS for place in range(CLIENTS)]
    for _ in range(2):
        await readers.read_all(0)
    _write("ready")
    readers.phase = Phase()
    ends = asyncio.create_task(_write_phases(readers))
    tasks = [ends, *(asyncio.create_task(readers.read_forever(place)) for place in places)]
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for task in done:
        task.result()


async def _write_phases(readers: _Readers) -> None:
    while await asyncio.to_thread(sys.stdin.readline):
        phase, readers.phase = readers.phase, Phase()
        _write(phase)


def _write(value: Any) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], msgspec.json.decode(sys.stdin.readline(), type=list[str])))
