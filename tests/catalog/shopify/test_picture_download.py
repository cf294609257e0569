"""Fetching pictures: from public addresses only, within limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog import pictures
from storefront.catalog.models import ProductImage
from storefront.catalog.shopify import picture_download
from storefront.catalog.shopify.picture_download import FetchError
from storefront.extensions import db, write_transaction
from tests.factories import make_product, png


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header(
                "Location", self.path[3:] if self.path != "/to/inside" else "http://192.168.0.1/x.png"
            )
            self.end_headers()
        elif self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        elif self.path == "/none.png":
            self.send_error(404)
        else:
            body = b"x" * (pictures.MAX_BYTES + 10) if self.path == "/huge" else png()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def local(address: str) -> bool:
    return address in ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2606:4700::1111", True),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert picture_download.is_public(address) is public


def test_a_private_address_is_never_asked(web: str) -> None:
    with pytest.raises(FetchError, match="not a public address"):
        picture_download.fetch(f"{web}/a.png")


def test_a_redirect_to_a_private_address_is_not_followed(web: str) -> None:
    with pytest.raises(FetchError, match=r"192\.168\.0\.1, which is not a public address"):
        picture_download.fetch(f"{web}/to/inside", allowed=local)


@pytest.mark.parametrize(
    ("path", "reason"), [("/loop", "redirects"), ("/none.png", "404"), ("/huge", "larger than")]
)
def test_what_goes_wrong_is_said(web: str, path: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        picture_download.fetch(f"{web}{path}", allowed=local)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a.example/x", "http://", "http://[::1", "http://a b/", "nonsense"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        picture_download.fetch(url, allowed=local)


def test_recorded_pictures_are_fetched_and_shown(app: Flask, web: str) -> None:
    product = make_product("Bowl")
    with write_transaction() as session:
        for place, name in enumerate(("to/a.png", "none.png")):
            session.add(ProductImage(product_id=product.id, source=f"{web}/{name}", position=place))
    told = dict(picture_download.fetch_missing(Path(app.config["MEDIA_DIR"]), allowed=local))
    assert told == {f"{web}/to/a.png": None, f"{web}/none.png": "the server answered 404"}
    db.session.expire_all()
    cover = db.session.execute(select(ProductImage).where(ProductImage.id == product.cover_id)).scalar_one()
    assert cover.source.endswith("/to/a.png")
