"""Picture files that are made to take memory or time: each is refused, or decoded with bounded memory."""

from __future__ import annotations

import resource
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from storefront.catalog import picture_renditions, pictures
from storefront.catalog.pictures import PictureError
from tests.catalog import hostile_pictures as hostile

MEGABYTE = 1024  # kilobytes, as the system counts peaks


def own_peak() -> int:
    """Return the most memory that this process has used so far, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize(
    ("width", "height"), [(7072, 7072), (50_000_001, 1), (100_000, 100_000), (2**31 - 1, 1)]
)
def test_too_many_pixels_are_refused_by_the_head(tmp_path: Path, width: int, height: int) -> None:
    with pytest.raises(PictureError, match=r"pixels: too many|is not a JPEG"):
        pictures.store(hostile.png_head(width, height), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_pixel_more_than_the_limit_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"The picture has 50000001 × 1 pixels: too many"):
        pictures.store(hostile.png_head(50_000_001, 1), tmp_path)


def test_large_pictures_are_decoded_in_a_program_of_their_own(tmp_path: Path) -> None:
    before = own_peak()
    stored = pictures.store(hostile.png_file(4000, 3000), tmp_path)
    assert (stored.width, stored.height) == (4000, 3000)
    with Image.open(pictures.rendition_path(stored.digest, 1024, tmp_path)) as rendition:
        assert rendition.size == (1024, 768)
    assert own_peak() - before < 30 * MEGABYTE, "48 MB of pixels were not in this process"


def test_a_program_without_memory_refuses_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(picture_renditions.__file__).read_text()
    small = tmp_path / "small.py"
    small.write_text(source.replace("MAX_MEMORY = 768", "MAX_MEMORY = 150"))
    monkeypatch.setattr(picture_renditions, "__file__", str(small))
    with pytest.raises(PictureError, match="memory"):
        pictures.store(hostile.png_file(7000, 7000, colour=0), tmp_path / "media")
    assert list(tmp_path.iterdir()) == [small]


@pytest.mark.parametrize("name", hostile.CHUNKS)
def test_chunks_that_grow_are_bounded(tmp_path: Path, name: str) -> None:
    before = own_peak()
    data = hostile.png_file(200, 100, hostile.CHUNKS[name])
    with suppress(PictureError):
        assert pictures.store(data, tmp_path).width == 200
    assert own_peak() - before < 100 * MEGABYTE


def test_only_the_first_frame_is_decoded(tmp_path: Path) -> None:
    stored = pictures.store(hostile.many_frames(300), tmp_path)
    assert (stored.width, stored.height) == (300, 300)


def test_a_picture_that_is_too_tall_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="too tall"):
        pictures.store(hostile.png_file(20, 50_000), tmp_path)


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\x00\xff\xff\xff\xff",
        b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 0xFFFF),
        # A directory that is its own next one (TIFF 6.0, section 2).
        b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8),
        b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHIII", 1, 0x0112, 3, 0xFFFFFFFF, 8, 0),
    ],
)
def test_broken_exif_harms_nothing(tmp_path: Path, exif: bytes) -> None:
    assert pictures.store(hostile.jpeg_with_exif(exif), tmp_path).width in (300, 400)


@pytest.mark.any_database
def test_a_hostile_picture_is_one_line_of_the_report(app: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "bomb.png").write_bytes(hostile.png_head(30_000, 30_000))
    (folder / "text.png").write_bytes(hostile.png_file(200, 100, hostile.CHUNKS["zTXt"]))
    (folder / "tall.png").write_bytes(hostile.png_file(20, 50_000))
    (folder / "good.png").write_bytes(hostile.png_file(400, 300))
    (folder / "folder.png").mkdir()
    lines = ["Title,URL handle,SKU,Price,Product image URL"]
    for name in ("bomb", "text", "tall", "folder", "good"):
        lines.append(f"{name},{name},{name},1,{name}.png")
    file = tmp_path / "products.csv"
    file.write_text("\n".join(lines))
    result = app.test_cli_runner().invoke(
        args=["catalog", "import", str(file), "--images", str(folder), "--stock-missing=zero"]
    )
    assert "Products: 5 created" in result.output, result.output
    notes = [line for line in result.output.splitlines() if line.startswith("note:")]
    assert [name for name in ("bomb", "tall", "folder") if any(f"{name}.png" in note for note in notes)] == [
        "bomb",
        "tall",
        "folder",
    ]
    assert not any("good.png" in note for note in notes)
