"""The search index of shops without stems: read and written until `flask setup` has built a new one.

Case and marks of all scripts are folded, and each character of a script without spaces is a word.
"""

from __future__ import annotations

import re

from storefront.catalog.search.documents import Document, SearchedTexts
from storefront.unicode_text import strip_marks

VERSION = "1"
_MAX_WORD, _MAX_WORDS = 60, 1500
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f])")
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the words of a text in this format."""
    folded = strip_marks(text)
    if not folded.isascii():
        folded = _UNSPACED.sub(r" \1 ", folded)
    return [word[:_MAX_WORD] for word in _WORD.findall(folded)]


def build_document(texts: SearchedTexts) -> Document:
    """Return a product's document in this format."""
    heading = dict.fromkeys(words(texts.title))
    others = (*texts.names, *texts.codes, texts.body)
    rest = dict.fromkeys(word for other in others for word in words(other))
    body = [word for word in rest if word not in heading][:_MAX_WORDS]
    return Document(texts.key, " ".join(heading), " ".join(body))
