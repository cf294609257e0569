"""Split words of a query where their script changes: people type "ガラスの急須" for a title "急須 ガラス"."""

from __future__ import annotations

import re

# Katakana, hiragana (both with the sign that lengthens a vowel), Han, and everything else.
_KATAKANA, _HIRAGANA = "\u30a1-\u30fa\u30fc-\u30fe", "\u3041-\u309f"
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(
    f"[{_KATAKANA}]+|[{_HIRAGANA}][{_HIRAGANA}ー]*|[{_HAN}]+|[^{_KATAKANA}{_HIRAGANA}{_HAN}]+"
)
_HIRAGANA_PIECE = re.compile(f"[{_HIRAGANA}]")
# Hiragana up to this length beside another script is a particle or the end of a word: の, と, い in 白い.
_MAX_PARTICLE = 2


def split_scripts(word: str) -> tuple[str, ...]:
    """Return a clean word in the parts that say something, each of one script; the word alone without several."""
    if word.isascii():
        return (word,)
    parts = [
        piece
        for piece in _PIECE.findall(word)
        if len(piece) > _MAX_PARTICLE or not _HIRAGANA_PIECE.match(piece)
    ]
    return tuple(parts) if len(parts) > 1 else (word,)
