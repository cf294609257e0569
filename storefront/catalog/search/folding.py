"""Fold letters by their script, so that people find words as they type them.

Latin letters become a–z ("ł", "ø", "ı" and "đ" too). Greek loses its accents, Arabic and Hebrew their vowel points,
and katakana becomes hiragana. Marks that are letters of their script stay: vowel signs of Thai and of India, the
voiced sound mark of Japanese, the breve of "й".
"""

from __future__ import annotations

import re
import unicodedata

from storefront.unicode_text import latin_letters, normalize

# Scripts that are written without spaces: Thai, Lao, Burmese, Khmer, kana, Bopomofo and Han.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u303b\u3040-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
# Symbols that would become letters or accents of the word before them.
_SYMBOLS = re.compile("[´¨™℠]")
# A sign of inches behind a number. A quotation that begins with a word is skipped: its end is no such sign.
_INCHES = re.compile(r"""(?<!\S)["“][^"“”]*["”]|(?P<sign>(?<=\d) ?["″”＂]|(?<=\d)'')""")
# The dot between Japanese words of foreign origin, which some write and some leave out: ティー・ポット.
_DOT = re.compile("(?<=[\u30a1-\u30fa\u30fc])・(?=[\u30a1-\u30fa])")
# Spellings of one sound: "w" and "v" of foreign words in katakana or hiragana, and in Hindi the nasal before a
# consonant of its own kind. In Thai and Lao the tone may stand before or behind the ring of "am". Ø is a diameter.
_SPELLINGS = re.compile(
    "(?P<v>[ヴゔ][ァィェォぁぃぇぉ]?)|(?P<w>[ウう][ィェォぃぇぉ])"
    "|(?P<nasal>ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ]))"
    "|(?P<ring>[\u0e4d\u0ecd])(?P<tone>[\u0e48-\u0e4b\u0ec8-\u0ecb])(?=[\u0e32\u0eb2])"
    r"|(?P<diameter>(?<!\w)[Øø](?=\s?\d))"
)
_OF_V = dict(zip("ヴァィェォゔぁぃぇぉ", "ブバビベボぶばびべぼ", strict=True))
_OF_W = dict(zip("ィェォぃぇぉ", "イエオいえお", strict=True))
_APOSTROPHES = "'’‘‛ʼʻʹ′`׳"
_CONNECTORS = "_.&+·"
_MAX_KNOWN = 20_000  # characters that a table remembers; strangers choose which
# Marks that are accents, points or tones above a word that is complete without them. Few type a nukta.
_ACCENTS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x0591, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x0711, 0x074A),
    (0x08CA, 0x08FF),
    (0x093C, 0x093C),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xE0100, 0xE01EF),
)
# Letters that people type for one another: ё; forms of alef, yeh, kaf and heh; the nasal signs of Hindi; final sigma.
_SAME = {
    **dict(zip("ёѐѝς", "ееиσ", strict=True)),
    **dict(zip("أإآٱىیکۀةہ", "اااايي\u0643ههه", strict=True)),
    "ँ": "ं",
}


class _Table(dict[int, str]):
    """A table for `str.translate` that works out a character when it meets it for the first time."""

    def _work_out(self, character: str) -> str:
        raise NotImplementedError

    def __missing__(self, code: int) -> str:
        found = self._work_out(chr(code))
        if len(self) < _MAX_KNOWN:
            self[code] = found
        return found


class _Cleaning(_Table):
    """Keeps letters, digits and marks; other characters become "'", "-" or a space."""

    def _work_out(self, character: str) -> str:
        kind = unicodedata.category(character)
        if character in _APOSTROPHES:
            return "'"
        if character == "×":
            return "x"
        if kind == "Pd" or character in _CONNECTORS:
            return "-"
        if character == "\u0640" or (kind == "Cf" and character != "\u200b"):
            return ""  # a stroke that lengthens an Arabic word, and characters without a width
        if kind == "Nd":
            return str(unicodedata.decimal(character))
        return character if kind[0] in "LNM" else " "


class _Folding(_Table):
    """Gives the letters that a letter is searched by."""

    def _work_out(self, character: str) -> str:
        if found := _SAME.get(character):
            return found
        code = ord(character)
        if unicodedata.category(character)[0] == "M":
            return "" if any(first <= code <= last for first, last in _ACCENTS) else character
        if 0x30A1 <= code <= 0x30F6 or code in (0x30FD, 0x30FE):
            return chr(code - 0x60)  # katakana
        name = unicodedata.name(character, "")
        if name.startswith("LATIN "):
            return latin_letters(character) or character
        if name.startswith("GREEK "):
            return unicodedata.normalize("NFD", character)[0]
        return character.casefold()


_cleaning, _folding = _Cleaning(), _Folding()


def clean(text: str) -> str:
    """Return the text in lower case and NFKC, with spaces, "-" and "'" as its only punctuation; 26" is 26 inch."""
    text = _INCHES.sub(lambda found: " inch " if found["sign"] else found[0], text)
    if not text.isascii():
        text = _SPELLINGS.sub(_one_spelling, _DOT.sub("", normalize("NFKC", _SYMBOLS.sub(" ", text))))
    return text.lower().translate(_cleaning)


def _one_spelling(found: re.Match[str]) -> str:
    if found["v"]:
        return _OF_V[found["v"][-1]]
    if found["w"]:
        return found["w"][0] + _OF_W[found["w"][-1]]
    if found["nasal"]:
        return "ं"
    return found["tone"] + found["ring"] if found["ring"] else " "


def fold(word: str) -> str:
    """Return a clean word in the letters that it is searched by: "théière" gives "theiere"."""
    return word if word.isascii() else word.translate(_folding)
