"""Downloads of pictures: from public addresses only, with limits of size and time."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog import pictures
from storefront.catalog.models import Product, ProductImage
from storefront.catalog_files import missing_description_pictures, picture_download
from storefront.catalog_files.missing_pictures import read_missing
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


def test_an_unreachable_server_is_named_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    Internet(monkeypatch).names["pictures.example"] = [[PUBLIC]]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(FetchError, match=r"^it cannot be reached: the server refuses the connection$"):
        picture_download.fetch(f"http://pictures.example:{port}/a.png")
    with pytest.raises(FetchError, match=r"^it cannot be reached: there is no server of this name$"):
        picture_download.fetch("http://pictures.invalid/a.png")


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


@pytest.fixture
def described(app: Flask, web: str) -> str:
    """A page's address; its product's description names pictures, one of them twice, one that does not exist."""
    html = (
        f'<p>Look:</p><img src="{web}/a.png" alt="A &lt;bowl&gt;" width="20"><img src="{web}/none.png" alt="Gone">'
        f'<img src="{web}/a.png"><img src="plan.png" alt="Plan">'
    )
    make_product("Bowl", description_html=html, variants=[{"sku": "B"}])
    return "/products/bowl"


def fetch_all(app: Flask) -> list[tuple[str, str | None]]:
    return list(picture_download.fetch_missing(Path(app.config["MEDIA_DIR"])))


def test_fetched_pictures_of_descriptions_show_at_once(
    app: Flask, client: FlaskClient, web: str, described: str
) -> None:
    assert "<p>Look:</p>A &lt;bowl&gt;Gone" in client.get(described).text
    assert fetch_all(app) == [(f"{web}/a.png", None), (f"{web}/none.png", "the server answered 404")]
    page = client.get(described).text
    own = re.findall(r'<img src="(/media/[0-9a-f]{32}-\d+\.webp)" srcset="([^"]+)" [^>]*alt="([^"]*)"', page)
    assert [alt for _, _, alt in own] == ["A &lt;bowl&gt;", ""]
    assert 'width="20" height="20" alt="A &lt;bowl&gt;" loading="lazy"' in page
    assert web not in page
    with client.get(own[0][0]) as answer:
        assert answer.mimetype == "image/webp"
    assert web in db.session.execute(select(Product.description_html)).scalar_one()


def test_pictures_of_descriptions_are_fetched_once(
    app: Flask, web: str, described: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing_description_pictures, "BATCH", 1)
    make_product("Cup", description_html=f'<img src="{web}/none.png"><img src="{web}/a.png">')
    assert [url for url, _ in fetch_all(app)] == [f"{web}/a.png", f"{web}/none.png"]
    assert [url for url, _ in fetch_all(app)] == [f"{web}/none.png"]


def test_a_folder_has_pictures_of_descriptions(
    app: Flask, client: FlaskClient, described: str, tmp_path: Path
) -> None:
    (tmp_path / "Plan.png").write_bytes(png())
    found = list(read_missing(Path(app.config["MEDIA_DIR"]), tmp_path))
    assert found == [("plan.png", None)]
    assert 'alt="Plan" loading="lazy"' in client.get(described).text


def test_internal_addresses_in_descriptions_are_not_fetched(app: Flask, web: str) -> None:
    make_product("Bowl", description_html='<img src="http://127.0.0.1/a.png"><img src="//10.0.0.1/a.png">')
    reasons = [str(reason) for _, reason in fetch_all(app)]
    assert len(reasons) == 2
    assert all("public" in reason or "not" in reason for reason in reasons), reasons
