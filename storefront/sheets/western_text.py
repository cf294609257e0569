"""Tell whether bytes read as Windows-1252 make sense, and name the encodings that may be meant if they do not."""

from __future__ import annotations

import re

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


def word_around(text: str, place: int) -> str:
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


def mixes_languages(sample: bytes) -> bool:
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


def find_strangeness(sample: bytes) -> str:
    """Return why a text is not read as Windows-1252, with the encodings that may be meant; empty if it is read."""
    odd, high = find_odd_signs(sample)
    if odd * 10 <= high and not mixes_languages(sample):
        return ""
    line = next(line for line in sample.split(b"\n") if not line.isascii())
    place = next(place for place, byte in enumerate(line) if byte > 0x7F)
    shown = word_around(line.decode("cp1252", "replace"), place)
    likely = _likely_encodings(sample)
    hints = [f"--encoding {name} reads {_first_word(line, name)!r}" for name in likely[:3]]
    return (
        f"As Windows-1252 it would read {shown!r}. Save the file as UTF-8, or name its encoding: "
        + ("; ".join(hints) if hints else "--encoding cp1251, gb18030, shift_jis, mac_roman or another")
        + "."
    )


def _first_word(line: bytes, encoding: str) -> str:
    text = line.decode(encoding, "replace")
    return word_around(text, next((place for place, sign in enumerate(text) if ord(sign) > 0x7F), 0))


def _likely_encodings(sample: bytes) -> list[str]:
    scores: dict[str, float] = {}
    for name, letters in _CANDIDATES.items():
        text = sample.decode(name, "replace")
        high = [sign for sign in text if ord(sign) > 0x7F and sign != "\u00a0"]
        scores[name] = len(re.findall(f"[{letters}]", "".join(high))) / max(1, len(high))
        misfits = len(re.findall(r"[a-zа-я][A-ZÄÖÜА-Я]|[a-z][\u3040-\u9fff\uff00-\uffef]", text))
        scores[name] -= misfits / max(1, len(high)) / 4
    return sorted((name for name, score in scores.items() if score > 0.8), key=lambda name: -scores[name])
