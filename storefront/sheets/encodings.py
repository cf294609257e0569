"""Decide the encoding of a text file; a file that may be in several is refused with a question, not guessed.

The rule, in this order:

1. An encoding that the caller names wins. Bytes that it does not have are an error with their line.
2. A byte order mark, or a NUL in every other byte of Latin text: UTF-8, UTF-16 or UTF-32.
3. Each line is decoded by itself. If all are UTF-8, or if some that are not ASCII are, the file is UTF-8; lines that
   are not are damaged, and only they. If most of those lines look like UTF-8 that was read in another encoding and
   saved again ("FÃ¼r"), the file is refused.
4. If no such line is UTF-8, the file is Windows-1252 with a note, as long as it reads like a Western language. It
   does not if more than one in ten of its signs beyond ASCII is odd (`find_odd_signs`), or if its letters do not go
   together (`mixes_languages`). Then the error shows how the likely encodings read it. Lines with the five bytes
   that Windows-1252 does not have are damaged, and only they.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.western_text import find_strangeness, word_around

READ_AS_CP1252 = "The file is not UTF-8; it was read as Windows-1252."
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_SAMPLE = 200_000  # bytes of lines that are not ASCII
# Names that Python accepts as encodings of text, but that are not what files are written in.
_NO_ENCODINGS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"}

_SECOND = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"  # bytes 80 to BF as Latin-1 and Windows-1252 show them
_MOJIBAKE = re.compile(
    f"[ÂÃ][{_SECOND}]|â[€„][{_SECOND}]|ã[\u0081‚ƒ„]|(?:[ÐÑ][{_SECOND}]){{2}}|ï¿½"
    "|√[\u0080-\uffff]|¬[∞©®∂´ª]|‚Ä[ìîôúù¶¢]"  # read as Mac Roman
    "|вЂ[“”™љњќ]|[ВГРС][ЂЃѓ‚„…†‡€‰Љ‹ЊЌЋЏџЎўЈ¤Ґ¦§©¬®°±µ¶јЅѕ]"  # read as Windows-1251
)


class FileEncoding(NamedTuple):
    """The encoding of a file (a name for Python) and the notes on how it was decided."""

    name: str
    notes: list[str]


class _Lines(NamedTuple):
    """The lines of a file that are not ASCII: how many are UTF-8, how many of those look misread; the others."""

    utf8: int
    misread: int
    other: int
    first_misread: tuple[int, str]
    first_other: int
    sample: bytes


def decide_encoding(path: Path, wanted: str | None = None) -> FileEncoding:
    """Return the encoding of a file, after reading all of it once with bounded memory.

    Raises:
        UnreadableFileError: the encoding must be named, or the named one does not exist or does not fit.
    """
    with path.open("rb") as file:
        start = file.read(65_536)
    name = _check_name(wanted) if wanted else _marked(start)
    if name is not None:
        if codecs.lookup(name).name not in ("utf-8", "utf-8-sig"):
            _check_decodes(path, name)
        elif start.startswith(codecs.BOM_UTF8):
            name = "utf-8-sig"
        return FileEncoding(name, [])
    lines = _count_lines(path)
    if lines.misread and lines.misread * 2 >= lines.utf8:
        line, text = lines.first_misread
        raise UnreadableFileError(
            f"{path} was saved in a wrong encoding before: line {line} has {text!r}. Export it again as UTF-8, or "
            "name its encoding with --encoding (--encoding utf-8 takes the text unchanged)."
        )
    if lines.other > lines.utf8 or (lines.other and not lines.utf8):
        problem = find_strangeness(lines.sample)
        if problem:
            raise UnreadableFileError(f"{path} is not UTF-8 (line {lines.first_other}). {problem}")
    if lines.other and not lines.utf8:
        return FileEncoding("cp1252", [READ_AS_CP1252])
    notes = []
    if lines.misread:
        line, text = lines.first_misread
        notes = [
            f"{lines.misread:,} lines look misread ({text!r}, first on line {line}); they are kept as they stand."
        ]
    return FileEncoding("utf-8", notes)


def _check_name(wanted: str) -> str:
    try:
        info = codecs.lookup(wanted.strip())
        "a".encode(info.name)  # refuses codecs that are not for text, such as base64
    except (LookupError, ValueError) as error:
        raise UnreadableFileError(
            f"{wanted!r} is not an encoding of text. Use a name such as utf-8, cp1252, cp1251, gb18030 or shift_jis."
        ) from error
    if info.name in _NO_ENCODINGS:
        raise UnreadableFileError(f"Files are not written in {wanted!r}. Use a name such as utf-8 or cp1252.")
    return info.name


def _marked(start: bytes) -> str | None:
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    return None


def _check_decodes(path: Path, name: str) -> None:
    decoder, line = codecs.getincrementaldecoder(name)(), 1
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                line += _decode(decoder, chunk).count("\n")
            _decode(decoder, b"", final=True)
        except UnicodeError as error:
            raise UnreadableFileError(
                f"{path} is not {name}: it has other bytes at or after line {line}. "
                "Name another encoding with --encoding."
            ) from error


def _decode(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool = False) -> str:
    """Decode a part of a file; refuse lone surrogates, which UTF-7 can spell, because no text can hold them."""
    text = decoder.decode(data, final)
    text.encode()
    return text


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield a file in parts that end with a line, unless a line is very long."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk if chunk.endswith(b"\n") else chunk + file.readline(16 * _CHUNK)


def _count_lines(path: Path) -> _Lines:
    utf8 = misread = other = first_other = 0
    first_misread, sample, before = (0, ""), bytearray(), 0
    for chunk in _chunks(path):
        if not chunk.isascii():
            for number, line in enumerate(chunk.split(b"\n"), before + 1):
                if line.isascii():
                    continue
                try:
                    text = line.decode()
                except UnicodeDecodeError:
                    other += 1
                    first_other = first_other or number
                    if len(sample) < _SAMPLE:
                        sample += line[:_SAMPLE] + b"\n"
                    continue
                utf8 += 1
                if found := _MOJIBAKE.search(text):
                    misread += 1
                    first_misread = (
                        first_misread if misread > 1 else (number, word_around(text, found.start()))
                    )
        before += chunk.count(b"\n")
    return _Lines(utf8, misread, other, first_misread, first_other, bytes(sample))
