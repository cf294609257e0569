"""The worker on other systems, and without the parser in C: slower, and otherwise the same."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.edge import plain_head
from storefront.edge.worker import _NOT_PLAIN
from tests.edge.test_worker import REQUEST, SAME, UNUSUAL, _cache_page, _is_fast, _parse_heads, _send
from tests.processes import ROOT, Shop, served

LIMITS = SimpleNamespace(
    _fast_limit_request_line=8190, limit_request_fields=60, limit_request_field_size=16384
)
TEXTS = [text.replace("{host}", "shop.test").encode("latin-1") for text in (REQUEST, *UNUSUAL.values())]


def assert_same_or_unusual(text: bytes) -> None:
    """Compare the parsers, except for heads that the worker leaves to gunicorn, whichever parser has read them."""
    ours = plain_head._read_in_python(text, LIMITS)
    names = [name.decode().upper() for name, _ in ours.headers] if ours else []
    if len(set(names)) == len(names) and not _NOT_PLAIN & set(names):
        assert ours is None or ours == plain_head._read_in_c(text, LIMITS)


@pytest.mark.parametrize("text", TEXTS)
def test_without_the_parser_in_c_no_other_head_is_plain(text: bytes) -> None:
    assert_same_or_unusual(text)


@given(st.sampled_from(TEXTS), st.integers(0, 400), st.binary(max_size=3), st.integers(0, 3))
def test_a_damaged_head_is_plain_for_both_parsers_or_for_c(
    text: bytes, at: int, put: bytes, cut: int
) -> None:
    assert_same_or_unusual(text[:at] + put + text[at + cut :])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    command = (str(ROOT / ".venv" / "bin" / "gunicorn"), "--config", "tests/edge/other_system.py")
    options = ("--workers", "1", "--bind", "127.0.0.1:{port}", "wsgi:app")
    with served(tmp_path_factory.mktemp("other") / "shop", *command, *options, **SAME) as shop:
        _cache_page(shop)
        yield shop


@pytest.mark.slow
def test_a_shop_without_linux_answers_the_same_pages(shop: Shop) -> None:
    assert _is_fast(_send(shop, REQUEST))
    log = (shop.instance.parent / "shop.log").read_text()
    assert log.count("Requests are parsed in Python") == 1
    statuses = {
        what: [line.split()[1] for line, _ in _parse_heads(_send(shop, text))]
        for what, text in UNUSUAL.items()
    }
    assert statuses["two at once"] == ["200", "200"]
    assert statuses["posted"] == ["403"] or statuses["posted"][0].startswith(("3", "4"))
    refused = ("bare line feeds", "space before colon", "null byte", "two lengths", "length and chunked")
    assert {what: statuses[what] for what in refused} == {what: ["400"] for what in refused}


@pytest.mark.slow
def test_a_shop_without_linux_sends_streams(shop: Shop) -> None:
    where = urlsplit(shop.url)
    with socket.create_connection((str(where.hostname), where.port or 0), timeout=20) as line:
        line.sendall(f"GET /stock/stream?product=1 HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
        received = b""
        while b"\n\n" not in received.partition(b"\r\n\r\n")[2]:
            received += line.recv(4096)
    assert re.search(rb"^Content-Type: text/event-stream", received, re.MULTILINE | re.IGNORECASE)
