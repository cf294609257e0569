"""Downloads of pictures: from public addresses only, with limits of size and time."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog import pictures
from storefront.catalog.models import ProductImage
from storefront.catalog_files import picture_download
from storefront.catalog_files.picture_download import FetchError
from storefront.extensions import db, write_transaction
from tests.factories import make_product, png
from tests.internet import PUBLIC, Internet, serving

pytestmark = pytest.mark.any_database


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to/") or self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to"))
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
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a web server with a public address."""
    Internet(monkeypatch).names["pictures.example"] = [[PUBLIC]]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        yield f"http://pictures.example:{server.server_port}"


@pytest.mark.parametrize(
    ("path", "reason"), [("/loop", "redirects"), ("/none.png", "404"), ("/huge", "larger than")]
)
def test_failed_download_gives_the_reason(web: str, path: str, reason: str) -> None:
    with pytest.raises(FetchError, match=reason):
        picture_download.fetch(f"{web}{path}")


def test_recorded_pictures_are_downloaded_and_shown(app: Flask, web: str) -> None:
    product = make_product("Bowl")
    with write_transaction() as session:
        for place, name in enumerate(("to/a.png", "none.png")):
            session.add(ProductImage(product_id=product.id, source=f"{web}/{name}", position=place))
    results = dict(picture_download.fetch_missing(Path(app.config["MEDIA_DIR"])))
    assert results == {f"{web}/to/a.png": None, f"{web}/none.png": "the server answered 404"}
    db.session.expire_all()
    cover = db.session.execute(select(ProductImage).where(ProductImage.id == product.cover_id)).scalar_one()
    assert cover.source.endswith("/to/a.png")
