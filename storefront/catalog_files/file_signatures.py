"""Recognise files that are not text with rows and columns, by the bytes with which they begin."""

from __future__ import annotations

import zipfile
from pathlib import Path

from storefront.sheets.errors import UnreadableFileError

_SAVE_AS_CSV = 'Open it in a spreadsheet, choose "Save as" and the format "CSV UTF-8", and import that file.'
_UNPACK = "Unpack it, and import the CSV file that is in it."
_EXPORT = "Export the products from the shop as Shopify CSV, and import that file."
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old format (.xls)", _SAVE_AS_CSV),
    (b"%PDF-", "a PDF document", _EXPORT),
    (b"\x1f\x8b", "a gzip archive", "Unpack it with gunzip, and import the CSV file."),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"\x89PNG\r\n", "a PNG picture", _EXPORT),
    (b"\xff\xd8\xff", "a JPEG picture", _EXPORT),
    (b"GIF8", "a GIF picture", _EXPORT),
    (b"RIFF", "a WebP picture or a sound", _EXPORT),
    (b"II*\0", "a TIFF picture", _EXPORT),
    (b"MM\0*", "a TIFF picture", _EXPORT),
    (b"SQLite format 3\0", "an SQLite database", _EXPORT),
    (b"{\\rtf", "an RTF document", _SAVE_AS_CSV),
)
_TEXTS = (
    (
        (b"<!doctype html", b"<html"),
        "a web page (HTML)",
        "It may be a sign-in page: download the file again as CSV.",
    ),
    ((b"<?xml", b"<rss", b"<feed"), "an XML file", _EXPORT),
    ((b'{"', b"{ ", b"{\n", b"{\r", b"[{", b"[ {", b"[\n", b"[\r"), "a JSON file", _EXPORT),
)


def check_is_text(path: Path) -> None:
    """Refuse a file that is certainly not a table in text; a path that is not a file is left to others.

    Raises:
        UnreadableFileError: the file is an archive, a workbook, a picture, a document; the text says what to do.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        start = file.read(1024)
    what, advice = _recognise(path, start)
    if what:
        raise UnreadableFileError(f"{path} is {what}, not a CSV file. {advice}")


def _recognise(path: Path, start: bytes) -> tuple[str, str]:
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _recognise_zip(path)
    for signature, what, advice in _SIGNATURES:
        if start.startswith(signature):
            return what, advice
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginnings, what, advice in _TEXTS:
        if text.startswith(beginnings):
            return what, advice
    return "", ""


def _recognise_zip(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:1000]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged zip archive or workbook", "Download it again, and save it as CSV."
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (.xlsx)", _SAVE_AS_CSV
    if any(name.endswith(".iwa") for name in names):
        return "a Numbers document", 'Open it in Numbers, choose "Export to" and "CSV", and import that file.'
    if "content.xml" in names:
        return "an OpenDocument file (.ods)", _SAVE_AS_CSV
    if any(name.startswith("word/") for name in names):
        return "a Word document (.docx)", _EXPORT
    return "a zip archive", _UNPACK
