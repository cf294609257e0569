"""Pictures: renditions are made once and served as immutable; other files are refused."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from storefront.catalog import picture_renditions, pictures
from storefront.catalog.pictures import PictureError
from tests.factories import make_product, png

pytestmark = pytest.mark.any_database

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_picture_becomes_webp_in_the_widths_of_the_layout(tmp_path: Path) -> None:
    stored = pictures.store(png(), tmp_path)
    for width in pictures.WIDTHS:
        with Image.open(pictures.rendition_path(stored.digest, width, tmp_path)) as rendition:
            assert (rendition.format, rendition.size) == ("WEBP", (width, width))


def test_same_picture_is_rendered_once(tmp_path: Path) -> None:
    stored = pictures.store(png(), tmp_path)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.webp")}
    assert pictures.store(png(), tmp_path) == stored
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()} == files


def test_an_error_of_the_disk_is_not_one_of_the_picture(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("no folder")
    with pytest.raises(NotADirectoryError):
        pictures.store(png(), tmp_path / "media")
    command = [sys.executable, "-I", picture_renditions.__file__, str(tmp_path / "absent")]
    done = subprocess.run(command, input=png(), capture_output=True, check=False)
    assert (done.returncode, int(done.stderr)) == (picture_renditions.FAILED, errno.ENOENT)


def test_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    stored = pictures.store(png(size=(200, 100)), tmp_path)
    assert [file.name for file in tmp_path.rglob("*.webp")] == [f"{stored.digest}-200.webp"]


def test_rotated_picture_is_turned_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (800, 400), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    stored = pictures.store(buffer.getvalue(), tmp_path)
    assert (stored.width, stored.height) == (400, 800)
    with Image.open(pictures.rendition_path(stored.digest, 320, tmp_path)) as rendition:
        assert rendition.size == (320, 640)
        assert not rendition.getexif()


@pytest.mark.parametrize("kind", ["PPM", "PCX", "TGA", "ICO", "EPS"])
def test_decoders_that_shops_do_not_need_are_never_used(tmp_path: Path, kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, kind)
    with pytest.raises(PictureError, match="not a JPEG"):
        pictures.store(buffer.getvalue(), tmp_path)


@pytest.mark.parametrize(
    "data", [b"", SVG, b"<?xml version='1.0'?>" + SVG, b"GIF89a", png()[:500], b"\x00" * 1000]
)
def test_file_that_is_no_picture_is_refused_without_a_trace(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PictureError):
        pictures.store(data, tmp_path)
    assert list(tmp_path.rglob("*.*")) == []


def test_rendition_is_served_as_immutable(app: Flask, client: FlaskClient) -> None:
    product = make_product("Bowl", pictures=1)
    response = client.get(f"/media/{product.images[0].digest}-320.webp")
    assert (response.status_code, response.mimetype) == (200, "image/webp")
    assert "immutable" in response.headers["Cache-Control"]
    response.close()
    assert client.get(f"/media/{product.images[0].digest}-321.webp").status_code == 404


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_heic_is_refused_with_the_way_out(tmp_path: Path, brand: bytes) -> None:
    file = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(64)
    with pytest.raises(PictureError, match="Save it as JPEG"):
        pictures.store(file, tmp_path)


def test_avif_is_read(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "red").save(file, "AVIF")
    stored = pictures.store(file.getvalue(), tmp_path)
    assert (stored.width, stored.height) == (400, 300)
