"""A picture's file is found however the list of products spells its name, and never outside the folder."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from storefront.catalog.picture_folder import find_picture

pytestmark = pytest.mark.any_database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pictures, next to a file that is not part of it."""
    folder = tmp_path / "pictures"
    (folder / "Sets").mkdir(parents=True)
    for name in ("Café crème.JPG", "100% wool.png", "a.png", "A.png", "Sets/teapot.jpg"):
        (folder / name).write_bytes(b"")
    (folder / unicodedata.normalize("NFD", "Grün.png")).write_bytes(b"")
    (tmp_path / "secret.png").write_bytes(b"")
    (folder / "Link.png").symlink_to(tmp_path / "secret.png")
    return folder


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("Café crème.JPG", "Café crème.JPG"),
        (unicodedata.normalize("NFD", "Café crème.jpg"), "Café crème.JPG"),
        ("caf%C3%A9%20cr%C3%A8me.jpg", "Café crème.JPG"),
        ("Grün.png", unicodedata.normalize("NFD", "Grün.png")),
        ("sets\\Teapot.jpg", "Sets/teapot.jpg"),
        ("./sets//teapot.JPG", "Sets/teapot.jpg"),
        ("100%25%20Wool.png", "100% wool.png"),
        ("A.png", "A.png"),
        ("a.PNG", None),
        ("teapot.jpg", None),
        ("../secret.png", None),
        ("..\\secret.png", None),
        ("%2e%2e/secret.png", None),
        ("sets/../../secret.png", None),
        ("link.png", None),
        ("Link.png", None),
        ("/etc/passwd", None),
        ("a\x00.png", None),
        ("x" * 5000, None),
    ],
)
def test_a_name_finds_the_file_that_it_fits(folder: Path, source: str, file: str | None) -> None:
    assert find_picture(folder, source) == (folder / file if file else None)


def test_a_file_that_is_added_later_is_found(folder: Path) -> None:
    assert find_picture(folder, "NEW.png") is None
    (folder / "new.png").write_bytes(b"")
    assert find_picture(folder, "NEW.png") == folder / "new.png"
