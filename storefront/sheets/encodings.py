"""Decide the encoding of a text file; a file that may be in several is refused with a question, not guessed.

The rule, in this order:

1. An encoding that the caller names wins. Bytes that it does not have are an error with their line.
2. A byte order mark, or a NUL in every other byte of Latin text: UTF-8, UTF-16 or UTF-32.
3. Each line is decoded by itself. If all are UTF-8, or if some that are not ASCII are, the file is UTF-8; lines that
   are not are damaged, and only they. If most of those lines look like UTF-8 that was read in another encoding and
   saved again ("FÃ¼r"), the file is refused.
4. If no such line is UTF-8, the file is Windows-1252 with a note, as long as it reads like a Western language. It
   does not if more than one in ten of its signs beyond ASCII is odd (`find_odd_signs`), or if its letters do not go
   together (`_strangers`). Then the error shows how the likely encodings read it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from storefront.sheets.errors import UnreadableFileError

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
_LETTERS = "À-ÖØ-öø-ÿŠŒŽšœžŸƒ"
_SIGNS = "¡-ª¬-³µ¶¸-º¼-¿×÷‚†‡ˆ‰‹›•˜"
_ODD = re.compile(
    f'\ufffd|[ƒˆ˜‡†¦¨¸¤]|(?<![^\\s,;"])[ÐÞ](?![^\\s,;"])|€(?=[a-z])'
    f"|(?<=[a-z])[À-ÖØ-ÞŠŽŸ]"  # a capital after a small letter
    f"|(?<=[A-Za-zÀ-ÿ])[{_SIGNS}„“”–](?=[a-zà-ÿ])|(?<=[A-Za-zÀ-ÿŠšŸŽž])§"  # a sign within a word
    f"|[{_LETTERS}{_SIGNS}]{{3,64}}"  # words of such letters only
)
_HIGH = re.compile(f"[{_LETTERS}{_SIGNS}\ufffd]")
_DOUBLED = re.compile(f"([{_LETTERS}])\\1+")


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
            "name its encoding with --encoding (--encoding utf-8 takes the text as it stands)."
        )
    if lines.other > lines.utf8 or (lines.other and not lines.utf8):
        problem = _find_strangeness(lines.sample)
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
                line += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise UnreadableFileError(
                f"{path} is not {name}: it has other bytes at or after line {line}. "
                "Name another encoding with --encoding."
            ) from error


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
                    first_misread = first_misread if misread > 1 else (number, _word(text, found.start()))
        before += chunk.count(b"\n")
    return _Lines(utf8, misread, other, first_misread, first_other, bytes(sample))


def _word(text: str, place: int) -> str:
    """Return the word around a place, at most 30 characters to each side."""
    before = re.split(r"[\s,;\t|\"]", text[max(0, place - 30) : place])[-1]
    return before + re.split(r"[\s,;\t|\"]", text[place : place + 30])[0]


def find_odd_signs(sample: bytes) -> tuple[int, int]:
    """Return how many signs of a text in Windows-1252 are odd, and how many signs beyond ASCII it has.

    Odd are: bytes that the encoding does not have; rare signs; a capital after a small letter ("fŸr"); a sign within
    a word ("z³oty"); three or more letters beyond ASCII in a row, unless one is repeated ("öö").
    """
    text = _DOUBLED.sub(r"\1", sample.decode("cp1252", "replace"))
    return sum(len(found) for found in _ODD.findall(text)), len(_HIGH.findall(text))


def _strangers(sample: bytes) -> bool:
    """Return whether a text has letters that no Western language has together (Turkish, Czech, Mac Roman)."""
    count = {byte: sample.count(byte) for byte in range(0x80, 0x100)}

    def total(*values: int) -> int:
        return sum(count[value] for value in values)

    turkish = total(0xF0, 0xFE, 0xFD, 0xDE, 0xD0, 0xDD) and total(0xE7, 0xFC, 0xC7, 0xDC)
    czech = total(0xF8, 0xD8) and total(0xE8, 0xEC, 0x9A, 0x9E) > total(0xE5, 0xE6, 0xC5, 0xC6, 0xF6, 0xE4)
    rare = total(0x8A, 0x8E, 0x9A, 0x9E, 0x9F, 0x83) + len(re.findall(rb"\x9c(?!u)", sample))
    return bool(turkish or czech or rare * 2 > total(*range(0xC0, 0x100)) + rare)


# Encodings to ask about, with the letters that a text in them has.
_CANDIDATES = {
    "cp1251": "а-яА-ЯёЁіїєґ№«»–—“”’",
    "gb18030": "\u4e00-\u9fff\u3000-\u303f\uff00-\uffef",
    "shift_jis": "\u3040-\u30ff\u4e00-\u9fff\u3000-\u303f\uff00-\uffef",
    "mac_roman": "äöüßÄÖÜéèêëàâçñáíóúîôûïåæøœãõ’‘“”–—…©®™°•",
    "cp850": "äöüßÄÖÜéèêëàâçñáíóúîôûïåæøãõ°®",
    "cp1250": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűöüäßăâîşţ–„”“’",
    "cp1254": "çğıöşüÇĞİÖŞÜâîû–“”’",
    "cp1253": "Α-Ωα-ωάέήίόύώϊϋΆΈΉΊΌΎΏ–“”’",
}


def _find_strangeness(sample: bytes) -> str:
    """Return why a text is not read as Windows-1252, with the encodings that may be meant; empty if it is read."""
    odd, high = find_odd_signs(sample)
    if odd * 10 <= high and not _strangers(sample):
        return ""
    line = next(line for line in sample.split(b"\n") if not line.isascii())
    place = next(place for place, byte in enumerate(line) if byte > 0x7F)
    shown = _word(line.decode("cp1252", "replace"), place)
    likely = _likely_encodings(sample)
    hints = [f"--encoding {name} reads {_first_word(line, name)!r}" for name in likely[:3]]
    return (
        f"As Windows-1252 it would read {shown!r}. Save the file as UTF-8, or name its encoding: "
        + ("; ".join(hints) if hints else "--encoding cp1251, gb18030, shift_jis, mac_roman or another")
        + "."
    )


def _first_word(line: bytes, encoding: str) -> str:
    text = line.decode(encoding, "replace")
    return _word(text, next((place for place, sign in enumerate(text) if ord(sign) > 0x7F), 0))


def _likely_encodings(sample: bytes) -> list[str]:
    scores: dict[str, float] = {}
    for name, letters in _CANDIDATES.items():
        text = sample.decode(name, "replace")
        high = [sign for sign in text if ord(sign) > 0x7F and sign != "\u00a0"]
        scores[name] = len(re.findall(f"[{letters}]", "".join(high))) / max(1, len(high))
        misfits = len(re.findall(r"[a-zа-я][A-ZÄÖÜА-Я]|[a-z][\u3040-\u9fff\uff00-\uffef]", text))
        scores[name] -= misfits / max(1, len(high)) / 4
    return sorted((name for name, score in scores.items() if score > 0.8), key=lambda name: -scores[name])
