"""Renditions that are made in the background: pages offer them once they exist, and never before."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import update

from storefront.catalog import picture_queue, pictures
from storefront.catalog.models import Product, ProductImage, RenditionSet
from storefront.extensions import db, write_transaction
from tests.factories import make_product, png


def make_pictured(app: Flask, size: tuple[int, int] = (1600, 1600)) -> tuple[Product, str]:
    """Return a product whose picture has just arrived, and the picture's digest."""
    product = make_product("Bowl", slug="bowl")
    stored = pictures.store(png(size=size), Path(app.config["MEDIA_DIR"]))
    with write_transaction() as session:
        image = ProductImage(
            product_id=product.id, digest=stored.digest, width=stored.width, height=stored.height
        )
        session.add(image)
        session.flush()
        session.execute(update(Product).where(Product.id == product.id).values(cover_id=image.id))
        picture_queue.enqueue(session, [stored.digest, None, stored.digest])
    return product, stored.digest


def offered(client: FlaskClient, url: str) -> set[str]:
    return set(re.findall(r"/media/[\w.-]+", client.get(url).text))


def names(digest: str, *ends: str) -> set[str]:
    return {f"/media/{digest}-{end}" for end in ends}


@pytest.mark.any_database
def test_pages_offer_renditions_once_they_exist(app: Flask, client: FlaskClient) -> None:
    _, digest = make_pictured(app)
    urls = ("/", "/products", "/products/bowl")
    at_first = names(digest, "320.webp", "640.webp", "1024.webp")
    assert [offered(client, url) for url in urls] == [at_first] * 3
    picture_queue.make_due()
    widths = (320, 384, 640, 768, 1024, 1536)
    everything = names(digest, *(f"{w}.{kind}" for w in widths for kind in ("webp", "avif")))
    for url in urls:
        assert offered(client, url) == everything, "the cached page was invalidated"
    for url in everything:
        answer = client.get(url)
        width, kind = re.findall(r"-(\d+)\.(\w+)$", url)[0]
        assert (answer.status_code, answer.mimetype) == (200, f"image/{kind}")
        with Image.open(io.BytesIO(answer.data)) as picture:
            assert (picture.format, picture.width) == (kind.upper(), int(width))
        answer.close()


def test_picture_of_an_earlier_version_is_not_offered_too_wide(app: Flask, client: FlaskClient) -> None:
    _, digest = make_pictured(app)
    pictures.rendition_path(digest, 1536, Path(app.config["MEDIA_DIR"])).unlink()
    picture_queue.make_due()
    assert max(int(found) for found in re.findall(r"-(\d+)\.webp", client.get("/products/bowl").text)) == 1024


def test_a_picture_in_the_description_is_offered_in_all_widths(app: Flask, client: FlaskClient) -> None:
    product, digest = make_pictured(app)
    tag = f'<img src="/media/{digest}-640.webp" width="500" height="500" alt="The &lt;foot&gt;">'
    other = f'<img src="/media/{"0" * 32}-640.webp" alt="">'
    with write_transaction() as session:
        words = {"description_html": f"<p>{tag}</p><p>{other}</p>"}
        session.execute(update(Product).where(Product.id == product.id).values(words))
    page = client.get("/products/bowl").text
    [shown] = re.findall(r'<img [^>]*alt="The &lt;foot&gt;"[^>]*>', page)
    assert f"{digest}-320.webp 320w, " in shown
    assert 'sizes="(max-width: 500px) 100vw, 500px" width="500" height="500"' in shown
    assert 'loading="lazy"' in shown
    assert other in page, "of a picture that is not the product's the shop knows nothing"


def test_first_picture_is_fetched_before_the_others(app: Flask, client: FlaskClient) -> None:
    product, digest = make_pictured(app)
    with write_transaction() as session:
        session.add(ProductImage(product_id=product.id, digest=digest, width=1600, height=1600, position=1))
    gallery = client.get("/products/bowl").text.partition("</product-gallery>")[0]
    priorities = re.findall(r'<img [^>]*fetchpriority="(\w+)"', gallery)
    assert priorities == ["high", "low", "low", "low"], "two large pictures, two small ones"


def test_picture_without_its_file_is_given_up(app: Flask, client: FlaskClient) -> None:
    _, digest = make_pictured(app, (200, 200))
    [file] = Path(app.config["MEDIA_DIR"]).rglob("*.webp")
    file.unlink()
    for _ in range(1 + len(picture_queue.BACKOFF)):
        picture_queue.make_due()
        with write_transaction() as session:
            past = datetime.now(UTC) - timedelta(seconds=1)
            session.execute(update(RenditionSet).where(RenditionSet.due_at.is_not(None)).values(due_at=past))
    row = db.session.get_one(RenditionSet, digest)
    assert (row.avif, row.attempts, row.due_at) == ("", 1 + len(picture_queue.BACKOFF), None)
    assert offered(client, "/products/bowl") == names(digest, "200.webp")


def test_command_makes_what_is_missing_and_goes_on(app: Flask, client: FlaskClient) -> None:
    _, digest = make_pictured(app, (400, 400))
    with write_transaction() as session:
        session.execute(update(RenditionSet).values(due_at=None))  # as given up, or of an earlier version
    runner = app.test_cli_runner()
    assert "Made the renditions of 1 picture." in runner.invoke(args=["catalog", "pictures"]).output
    assert f"/media/{digest}-320.avif" in offered(client, "/products/bowl")
    again = runner.invoke(args=["catalog", "pictures"])
    assert (again.exit_code, again.output.splitlines()[-1]) == (0, "Every picture has all its renditions.")


@pytest.mark.any_database
def test_one_process_of_a_machine_makes_renditions(app: Flask) -> None:
    _, digest = make_pictured(app, (100, 100))
    with picture_queue._machine_lock() as first:
        assert first
        picture_queue.make_due()
    assert db.session.get_one(RenditionSet, digest).avif == ""
