"""Shoppers, forms and programs that send requests all the time, while something happens to the shop."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlencode, urlsplit

from tests.processes import Shop


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is repeated, and the expected status."""

    target: str
    method: str = "GET"
    status: int = 200
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def requests(shop: Shop, sku: str) -> list[Request]:
    """Return requests of each kind: pages, a stream, a form of the cart, and changes of stock by the API."""
    made = shop.flask("token", "create", "load", "--scope", "stock:write")
    token = next(word for word in made.stdout.split() if len(word) > 30)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    program = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    counts = [json.dumps({"stock": number, "reason": "count"}).encode() for number in (50, 60)]
    return [
        *(Request(target) for target in ("/products", "/me", "/stock/stream?product=7", "/healthz")),
        Request("/cart/lines", "POST", 303, urlencode({"sku": sku, "quantity": 1}).encode(), form),
        *(Request(f"/api/v1/variants/{sku}/stock", "PUT", 200, count, program) for count in counts),
    ]


class Load:
    """One thread for each request, each on a kept-alive connection; records what fails."""

    def __init__(self, shop: Shop, wanted: list[Request]) -> None:
        self.answers: Counter[str] = Counter()  # by method
        self.failures: list[str] = []
        self._host, self._ended = urlsplit(shop.url).netloc, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(one,)) for one in wanted]

    def start(self) -> None:
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        self._ended.set()
        for one in self._threads:
            one.join()

    def more_than(self, before: Mapping[str, int], number: int) -> bool:
        """Return whether more than `number` requests of each method have been answered since `before`."""
        return all(self.answers[method] > before.get(method, 0) + number for method in ("GET", "POST", "PUT"))

    def _run(self, wanted: Request) -> None:
        connection = HTTPConnection(self._host, timeout=30)
        while not self._ended.wait(0.005):
            try:
                connection.request(wanted.method, wanted.target, wanted.body, dict(wanted.headers))
                self._check(wanted, connection.getresponse(), connection)
            except (OSError, HTTPException) as error:
                self.failures.append(f"{wanted.method} {wanted.target}: {error!r}")
                connection.close()
            self.answers[wanted.method] += 1
        connection.close()

    def _check(self, wanted: Request, answer: HTTPResponse, connection: HTTPConnection) -> None:
        # The first line shows that a stream works; then it is closed.
        is_stream = wanted.target.startswith("/stock/stream")
        whole = answer.readline() if is_stream else answer.read()
        if answer.status != wanted.status or not whole:
            self.failures.append(f"{wanted.method} {wanted.target}: {answer.status} {whole[:200]!r}")
        if is_stream:
            answer.close()
            connection.close()


@contextmanager
def load(shop: Shop, sku: str) -> Iterator[Load]:
    """Send requests until the block ends."""
    one = Load(shop, requests(shop, sku))
    one.start()
    try:
        yield one
    finally:
        one.stop()
