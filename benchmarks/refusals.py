"""The cost of a refusal: the server's CPU time for each kind, as a ratio to that of a cached page."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from benchmarks import servers, shops
from benchmarks.pages import first_product, get
from benchmarks.servers import BIND, CONFIGURED

ROUNDS, REQUESTS = 5, 300
MANY = "9000000/minute"
BODY = b"sku=x&quantity=1&" + b"name=value&" * 50_000  # 550 kB


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print a table: a cached page and each kind of refusal, every request on a connection of its own."""
    with ExitStack() as stack:
        instance = stack.enter_context(shops.empty())
        shops.command(instance, "demo", "--products", "100", "--seed", "1", "--no-pictures")
        environ = shops.environ(instance) | {"STOREFRONT_ENV": "development"}
        environ |= {"STOREFRONT_INSTANCE_DIR": str(instance), "STOREFRONT_LIMIT_CHECKOUT": "1/day"}
        environ |= {f"STOREFRONT_LIMIT_{name}": MANY for name in ("BROWSE", "CART")}
        base = stack.enter_context(servers.server([*CONFIGURED, *BIND, "wsgi:app"], environ))
        path = f"/products/{first_product(base)}"
        for _ in range(3):
            get(f"{base}{path}", encoding="br")
        requests = _requests(urlsplit(base).netloc, path)
        costs: dict[str, list[float]] = {name: [] for name in requests}
        for _ in range(ROUNDS):
            for name, (request, status) in requests.items():
                costs[name].append(_cost(base, request, status))
    cached = min(costs["a cached page"])
    shops.table(
        "Cost of a refusal: CPU of the server, the smallest of five rounds; the aim is at most 3 × a cached page",
        ["", "CPU µs", "× a cached page"],
        [[name, f"{min(found):.0f}", f"{min(found) / cached:.1f}"] for name, found in costs.items()],
    )


def _requests(host: str, path: str) -> Mapping[str, tuple[bytes, int]]:
    """Return each request, and the status of its answer."""

    def head(method: str, target: str, *more: str) -> bytes:
        lines = (f"{method} {target} HTTP/1.1", f"Host: {host}", "Accept-Encoding: br", *more)
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode()

    def form(body: bytes) -> tuple[str, str]:
        return "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"

    return {
        "a cached page": (head("GET", path), 200),
        "404, no such page": (head("GET", "/nowhere"), 404),
        "405, another method": (head("DELETE", "/products"), 405),
        "403, from another site, 550 kB": (
            head("POST", "/cart/lines", *form(BODY), "Sec-Fetch-Site: cross-site") + BODY,
            403,
        ),
        "413, too large, 550 kB": (head("POST", "/cart/lines", *form(BODY)) + BODY, 413),
        "429, too many, 60 kB": (head("POST", "/checkout", *form(BODY[:60_000])) + BODY[:60_000], 429),
    }


def _cost(base: str, request: bytes, status: int) -> float:
    """Return the CPU time of the server for one request, in microseconds."""
    for _ in range(3):  # the second checkout is the first that is refused
        answer = _send(base, request)
    if not answer.startswith(b"HTTP/1.1 %d " % status):
        raise SystemExit(f"the answer is not {status}: {answer[:40]!r}")
    before = servers.cpu_time(base)
    for _ in range(REQUESTS):
        _send(base, request)
    return (servers.cpu_time(base) - before) / REQUESTS


def _send(base: str, request: bytes) -> bytes:
    """Send a request on a connection of its own, and return the answer."""
    where, answer = urlsplit(base), b""
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as line:
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(request)
        while piece := line.recv(65536):
            answer += piece
            head, _, body = answer.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if length and len(body) >= int(length):
                break
    return answer
