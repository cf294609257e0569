"""The fast path gives the same answers as gunicorn's own worker, and leaves unusual requests to gunicorn."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest

from storefront.edge import wire
from tests.processes import Shop, eventually, gunicorn, served

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("edge")]

PLAIN = "GET /products HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: br\r\n{more}\r\n"
REQUEST = PLAIN.replace("{more}", "")


LATER = "\v"  # the rest is sent after a pause


def _with(*headers: str) -> str:
    return PLAIN.replace("{more}", "".join(f"{header}\r\n" for header in headers))


# Headers that differ between requests, or between workers.
CHANGING = {
    "x-request-id",
    "ratelimit",
    "x-ratelimit-remaining",
    "cache-status",
    "date",
    "content-length",
    "etag",
    "server-timing",
    "content-security-policy",
}
UNUSUAL = {
    "head": REQUEST.replace("GET", "HEAD", 1),
    "lower case": REQUEST.replace("GET", "get", 1),
    "HTTP/1.0": REQUEST.replace("HTTP/1.1", "HTTP/1.0"),
    "HTTP/2.0": REQUEST.replace("HTTP/1.1", "HTTP/2.0"),
    "no host": REQUEST.replace("Host: {host}\r\n", ""),
    "two hosts": _with("Host: elsewhere.example"),
    "another host": REQUEST.replace("{host}", "elsewhere.example"),
    "absolute target": REQUEST.replace("/products", "http://{host}/products"),
    "two slashes": REQUEST.replace("/products", "//products"),
    "encoded path": REQUEST.replace("/products", "/prod%75cts"),
    "fragment": REQUEST.replace("/products", "/products#top"),
    "two spaces": REQUEST.replace("GET /", "GET  /"),
    "bare line feeds": REQUEST.replace("\r\n", "\n"),
    "empty line before": "\r\n" + REQUEST,
    "folded header": _with("X-One: a\r\n b"),
    "space before colon": _with("X-One : a"),
    "underscore": _with("X_Forwarded_For: 203.0.113.9"),
    "script name": _with("Script-Name: /x"),
    "null byte": _with("X-One: a\0b"),
    "long header": _with("X-Long: " + "a" * 20_000),
    "many headers": _with(*(f"X-{n}: a" for n in range(80))),
    "twice a header": _with("Accept-Encoding: gzip"),
    "identity": REQUEST.replace("br", "identity"),
    "no length": _with("Content-Length: 0"),
    "a body": _with("Content-Length: 3") + "abc",
    "a request as a body": _with("Content-Length: {length}") + REQUEST,
    "a body that comes later": _with("Content-Length: {length}") + LATER + REQUEST,
    "two lengths": _with("Content-Length: 3", "Content-Length: 4") + "abcd",
    "chunked twice": _with("Transfer-Encoding: chunked, chunked") + "0\r\n\r\n",
    "length and chunked": _with("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n",
    "posted": _with("Content-Length: {length}").replace("GET /products", "POST /cart/lines", 1) + REQUEST,
    "upgrade": _with("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAA"),
    "authorised": _with("Authorization: Bearer sf_x_y.z"),
    "two at once": REQUEST + REQUEST,
    "and half a one": REQUEST + REQUEST[:20],
    "two schemes": _with("X-Forwarded-Proto: https", "X-Forwarded-Ssl: off"),
    "a scheme": _with("X-Forwarded-Proto: https"),
    "another scheme": _with("X-Forwarded-Proto: gopher"),
    "closing": _with("Connection: close"),
    "cookies": _with("Cookie: a=b; session=x"),
    "not an etag": _with("If-None-Match: *"),
    "another page": REQUEST.replace("/products", "/products?page=9999"),
}
# The two shops have no key in common, and the pages contain the ending of the cookies' names.
SAME = {"STOREFRONT_LIMITS": "off", "STOREFRONT_COOKIE_NAME": "plain"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with served(tmp_path_factory.mktemp("edge") / "shop", *gunicorn(1), **SAME) as shop:
        _cache_page(shop)
        yield shop


@pytest.fixture(scope="module")
def gunicorn_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The same shop under gunicorn's own worker."""
    command = (*gunicorn(1), "--worker-class", "gevent")
    with served(tmp_path_factory.mktemp("stock") / "shop", *command, **SAME) as shop:
        _cache_page(shop)
        yield shop


def _send(shop: Shop, text: str, *, pieces: int = 1) -> bytes:
    """Send a text, close the sending side, and return everything that the server answers."""
    where = urlsplit(shop.url)
    filled = text.replace("{length}", str(len(REQUEST.format(host=where.netloc))))
    data = filled.replace("{host}", where.netloc).encode("latin-1")
    size = -(-len(data) // pieces)
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    with socket.create_connection((where.hostname, where.port), timeout=30) as line:  # type: ignore[type-var]
        for part in parts if pieces > 1 else data.split(LATER.encode()):
            line.sendall(part)
            time.sleep(0.03 if LATER in text else 0.002)  # the parts arrive apart
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


def _parse_heads(answers: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return status line and headers of each answer, without values that differ between requests."""
    heads = re.findall(rb"HTTP/1\.[01] \d\d\d [^\r]*\r\n(?:[A-Za-z0-9-]+: [^\r]*\r\n)*", answers)
    parsed = []
    for head in heads:
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        parsed.append((first, {name: "" if name in CHANGING else value for name, value in headers.items()}))
    return parsed


def _cache_page(shop: Shop) -> None:
    assert eventually(lambda: b"detail=L1" in _send(shop, REQUEST))


def _is_fast(answers: bytes) -> bool:
    """Return whether the fast path answered: its constant headers come first."""
    return answers.index(b"Content-Security-Policy:") < answers.index(b"Cache-Status:")


@pytest.mark.parametrize("what", UNUSUAL)
def test_answers_are_those_of_gunicorns_own_worker(shop: Shop, gunicorn_worker: Shop, what: str) -> None:
    ours, theirs = (
        _parse_heads(_send(shop, UNUSUAL[what])),
        _parse_heads(_send(gunicorn_worker, UNUSUAL[what])),
    )
    assert ours == theirs
    assert ours


@pytest.mark.parametrize("rest", [LATER + "0\r\n\r\n", "0\r\n\r\n" + REQUEST])
def test_chunks_that_no_view_reads_end_the_connection(shop: Shop, rest: str) -> None:
    ((status, headers),) = _parse_heads(_send(shop, _with("Transfer-Encoding: chunked") + rest))
    assert (status, headers["connection"]) == ("HTTP/1.1 200 OK", "close")


@pytest.mark.parametrize("pieces", [2, 7, 200])
def test_request_may_arrive_in_pieces(shop: Shop, pieces: int) -> None:
    posted = UNUSUAL["posted"]
    assert (
        len(_parse_heads(_send(shop, posted, pieces=pieces))) == len(_parse_heads(_send(shop, posted))) == 1
    )
    assert [line for line, _ in _parse_heads(_send(shop, REQUEST, pieces=pieces))] == ["HTTP/1.1 200 OK"]


def test_fast_path_answers_the_same_page(shop: Shop, gunicorn_worker: Shop) -> None:
    ours, theirs = _send(shop, REQUEST), _send(gunicorn_worker, REQUEST)
    assert _is_fast(ours)
    assert not _is_fast(theirs)
    assert _parse_heads(ours) == _parse_heads(theirs)
    body = ours.partition(b"\r\n\r\n")[2]
    assert f"Content-Length: {len(body)}\r\n".encode() in ours
    page, other = (
        re.sub(rb'nonce-[^"\']*|\?v=\w+', b"", brotli.decompress(text))
        for text in (body, theirs.partition(b"\r\n\r\n")[2])
    )
    assert page == other


def test_fast_path_answers_from_the_second_request_on(shop: Shop) -> None:
    asked = REQUEST.replace("/products", "/products?sort=name")
    built, answered = _send(shop, asked), _send(shop, asked)
    assert b"Cache-Status: storefront; fwd=miss; stored; " in built
    assert not _is_fast(built)
    assert _is_fast(answered)
    assert b"detail=L1" in answered
    assert built.partition(b"\r\n\r\n")[2] == answered.partition(b"\r\n\r\n")[2]


def test_uncompressed_page_is_the_same_each_time(shop: Shop) -> None:
    asked = REQUEST.replace("/products", "/products?sort=-price").replace("br", "identity")
    answers = [_send(shop, asked) for _ in range(4)]  # built, decompressed, decompressed and kept, kept
    assert all(map(_is_fast, answers[1:]))
    assert len({answer.partition(b"\r\n\r\n")[2] for answer in answers}) == 1
    compressed = _send(shop, asked.replace("identity", "br")).partition(b"\r\n\r\n")[2]
    assert brotli.decompress(compressed) == answers[3].partition(b"\r\n\r\n")[2]


def test_fast_path_ignores_a_page_that_was_not_stored(shop: Shop) -> None:
    asked = REQUEST.replace("/products", "/products?min_price=cheap")
    for _ in range(3):
        answered = _send(shop, asked)
        assert answered.startswith(b"HTTP/1.1 200 ")
        assert not _is_fast(answered)


def test_fast_path_answers_304(shop: Shop) -> None:
    tag = re.search(rb"ETag: ([^\r]*)\r\n", _send(shop, REQUEST))
    assert tag is not None
    answer = _send(shop, _with(f"If-None-Match: {tag[1].decode()}"))
    assert answer.startswith(b"HTTP/1.1 304 NOT MODIFIED\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"ETag: " + tag[1] in answer
    assert b"Content-Length" not in answer
    assert _is_fast(answer)


def test_keep_alive_restarts_after_each_fast_answer(tmp_path: Path) -> None:
    with served(tmp_path / "shop", *gunicorn(1), "--keep-alive", "3") as shop:
        _cache_page(shop)
        where = urlsplit(shop.url)
        asked = REQUEST.format(host=where.netloc).encode()
        with socket.create_connection((where.hostname, where.port), timeout=20) as line:  # type: ignore[type-var]
            for _ in range(12):
                line.sendall(asked)
                assert line.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
                time.sleep(0.3)  # each far less than the idle time-out of three seconds, together more
            assert line.recv(65536) == b""


def test_worker_closes_connections_at_max_requests(tmp_path: Path) -> None:
    command = (*gunicorn(1), "--max-requests", "20", "--max-requests-jitter", "0")
    with served(tmp_path / "shop", *command, **SAME) as shop:
        _cache_page(shop)
        connections = [_parse_heads(_send(shop, REQUEST))[0][1].get("connection") for _ in range(40)]
        assert "close" in connections


def test_proxy_headers_are_trusted_by_hop_count(tmp_path: Path) -> None:
    limited = {"STOREFRONT_LIMIT_BROWSE": "1000/hour", "TRUSTED_PROXIES": "1"}
    with served(tmp_path / "shop", *gunicorn(1), **limited) as shop:
        _cache_page(shop)
        forwarded = _with("X-Forwarded-For: 198.51.100.1, {client}")

        def left(client: str) -> int:
            found = re.search(
                rb"X-RateLimit-Remaining: (\d+)", _send(shop, forwarded.replace("{client}", client))
            )
            assert found is not None
            return int(found[1])

        assert [left("203.0.113.7") for _ in range(30)][-1] < 975
        assert left("203.0.113.8") == 999
        believed, forwarded = forwarded, _with("X_Forwarded_For: {client}")  # no proxy sends it
        for _ in range(10):
            left("203.0.113.8")
        forwarded = believed
        assert left("203.0.113.8") >= 998
        assert _is_fast(_send(shop, forwarded.replace("{client}", "203.0.113.8")))
        for passed_on in ("Via: 1.1 cache.example", "CDN-Loop: cdn.example"):
            answer = _send(shop, _with(passed_on))
            assert _is_fast(answer)
            own = {"ratelimit-policy", "ratelimit", "x-ratelimit-remaining", "x-request-id"}
            assert not own & set(_parse_heads(answer)[0][1]), "a cache may store them"


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=y", "a\nb", "é", "\x7f"])
def test_value_that_could_inject_a_header_is_refused(value: str) -> None:
    assert wire.format_headers([("X-One", value)]) is None
    assert wire.format_headers([("X-One", "product:1 card:2")]) == "X-One: product:1 card:2\r\n"
