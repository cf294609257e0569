"""Unicode text: normalisation in linear time, cleaning of what people typed, digits, letters a–z of Latin letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

# UAX #15, section 13 (Stream-Safe Text Format): no text in any language has more combining marks in a row.
MAX_MARKS = 30
# Marks of combining class 0 that decompose into combining marks.
_ALSO_MARKS = "\u0f73\u0f75\u0f81"
_LATIN = re.compile(
    r"LATIN (?:SMALL|CAPITAL) (?:LETTER|LIGATURE) ([A-Z]|AA|AE|AO|AU|AV|AY|DZ|HV|IJ|LJ|NJ|OE|OI|OO|OU|TZ|VY)"
    r"(?: WITH .+)?"
)
# Latin letters whose Unicode names do not begin with the letters for which people type them.
_LATIN_NAMES = {
    "DOTLESS I": "i",
    "DOTLESS J": "j",
    "SHARP S": "ss",
    "THORN": "th",
    "ETH": "d",
    "ENG": "ng",
    "KRA": "k",
    "AFRICAN D": "d",
    "OPEN E": "e",
    "OPEN O": "o",
    "SCHWA": "e",
    "ESH": "sh",
    "EZH": "zh",
    "LONG S": "s",
}

# Control characters, line and paragraph separators: they part words.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# CJK compatibility ideographs (UAX #15 maps each to the unified one, and the difference is lost).
_VARIANT = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f])")
# Characters that turn the direction of the text after them (UAX #9, 2.1 to 2.4), and halves of characters.
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_OVERRIDES = "\u202d\u202e"
_HALVES = re.compile("[\ud800-\udfff]")
# Default_Ignorable_Code_Point (UAX #44) as far as fonts show nothing: a text of these alone is empty to a reader.
_INVISIBLE = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)


def normalize(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return the text in this normal form, without the marks after the 30th in a row.

    Normalisation sorts the marks of each letter, in quadratic time: Python needs a second for 16,000 marks.
    """
    if text.isascii():
        return text
    if len(text) > MAX_MARKS and max(text) >= "\u0300":  # the first combining mark
        text = _limit_marks(text)
    return unicodedata.normalize(form, text)


def compose(text: str) -> str:
    """Return the text in NFC, with the Han characters that NFC would replace by others.

    Names are registered with them: U+FA19 is another spelling of U+795E, and its owner sees the difference.
    """
    parts = _VARIANT.split(text)  # every second part is one of them
    return "".join(part if place % 2 else normalize("NFC", part) for place, part in enumerate(parts))


def clean_line(text: str) -> str:
    """Return a text as one line without control characters and without characters that turn its direction.

    All else stays: joiners, which Persian and Sinhala need, and characters that are newer than Python's tables.
    """
    return " ".join(_DIRECTIONS.sub("", _CONTROLS.sub(" ", text)).split())


def clean_lines(text: str) -> str:
    """Return a text of several lines, each as `clean_line` returns it, without empty ones at both ends."""
    return "\n".join(map(clean_line, text.splitlines())).strip()


def is_invisible(text: str) -> bool:
    """Return whether nothing of a text can be seen."""
    return _INVISIBLE.fullmatch(text) is not None


def strip_invisible(text: str) -> str:
    """Return a text without invisible characters at its ends, such as the marks that come with copied text.

    An override stays: it does not come by itself.
    """
    start, end = 0, len(text)
    while start < end and _is_mark(text[start]):
        start += 1
    while start < end and _is_mark(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_mark(character: str) -> bool:
    return character not in _OVERRIDES and is_invisible(character)


def is_whole(text: str) -> bool:
    """Return whether a text has no halves of characters, which Python makes of bytes that are not UTF-8 (PEP 383)."""
    return _HALVES.search(text) is None


def ascii_digits(text: str) -> str:
    """Return a text with the decimal digits of all scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


def read_whole_number(text: str, *, most_digits: int) -> int | None:
    """Return a whole number from 0 that somebody typed, in digits of any script; None if the text is not one."""
    return parse_digits(ascii_digits(text.strip()[: most_digits + 1]), most_digits=most_digits)


def parse_digits(text: str, *, most_digits: int) -> int | None:
    """Return a number from 0 that our own pages wrote into a URL or a form, such as an id; None if it is not one.

    Only ASCII digits count, without spaces. Nobody has to type them: for that there is `read_whole_number`.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None


def strip_marks(text: str) -> str:
    """Return the text without case and combining marks of any script: "Théière" and "theiere" give the same."""
    if text.isascii():
        return text.casefold()
    decomposed = normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=2000)
def latin_letters(character: str) -> str:
    """Return the letters a–z for which people type a Latin letter; empty for a letter of another script."""
    name = unicodedata.name(character, "")
    if found := _LATIN.fullmatch(name):
        return found[1].lower()
    base = name.removeprefix("LATIN SMALL LETTER ").partition(" WITH ")[0]
    return _LATIN_NAMES.get(base, "")


def _limit_marks(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) or character in _ALSO_MARKS else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def shorten(value: str, most: int) -> str:
    """Return a text in one line of at most `most` characters; a longer one ends after a word, with an ellipsis."""
    line = " ".join(value.split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    if line[most - 1] != " ":
        cut = cut.rpartition(" ")[0] or cut
    return cut.rstrip(" ,;:.–-") + "…"
