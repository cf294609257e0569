"""Slugs: the part of an address that names a product or a category.

A product that comes from another shop keeps its handle as its slug (`handle_slug`), so that its address stays the
same. A slug that the shop makes of a title or a name is easy to type (`slugify`). docs/addresses.md has the rules.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote, unquote

from storefront.unicode_text import latin_letters, normalize, strip_marks

MAX_SLUG = 255  # characters: the width of the column
# Bytes in UTF-8. Each is three characters of a percent-encoded address, and a sitemap allows 2,048 for all of it.
MAX_SLUG_BYTES = 600
MAX_TITLE_BYTES = 200  # of a slug that is made of a title
# Characters that RFC 3986 (3.3) allows in a path unescaped: all links to a page must be equal.
PLAIN = "!$&'()*+,;=:@"
# Delimiters of a URL, what browsers take for one (a backslash), and what no URL contains (WHATWG URL, 1.3).
_DELIMITERS = frozenset('/\\?#%"<>^`{|}')
_JOINERS = "\u200c\u200d"  # Persian and the scripts of India spell words with them
_NOT_ASCII_SLUG = re.compile(r"[^a-z0-9]+")


def handle_slug(handle: str) -> str:
    """Return the slug of a product that has this handle in another shop: the handle, if an address can hold it.

    The result is in NFC, and no two handles share one: if a character or the end has to go, a digest of the whole
    handle is appended. `handle_slug` of a slug is that slug. A percent-encoded handle is decoded first. Empty if the
    handle is.
    """
    text = _clean_handle(handle)
    slug = "".join(c if _is_allowed(c) else " " for c in text)
    slug = "-".join(slug.split())
    too_long = len(slug) > MAX_SLUG or len(slug.encode()) > MAX_SLUG_BYTES
    if slug == text and not too_long and slug.strip("."):
        return slug
    if not text:
        return ""
    tag = _digest(text)
    slug = _cut(slug, MAX_SLUG - len(tag) - 1, MAX_SLUG_BYTES - len(tag) - 1).strip("-.")
    return f"{slug}-{tag}" if slug else f"n-{tag}"


def plain_handle_slug(handle: str) -> str:
    """Return the slug that people expect of a handle with spaces: "blue-bowl" for "Blue Bowl"; empty for others.

    Others may have it too, so a handle gets it only if no other handle of the same file does.
    """
    text = _clean_handle(handle)
    words = text.split()
    if len(words) < 2 or len(text.encode(errors="surrogatepass")) > MAX_TITLE_BYTES:
        return ""
    if not all(map(_is_allowed, "".join(words))) or not any(map(str.isalnum, text)):
        return ""
    return slugify(text)


def slugify(text: str, *, limit: int = MAX_TITLE_BYTES) -> str:
    """Return the text as a slug of lower-case letters, digits and hyphens; never empty, the same for the same text.

    Latin letters become a–z ("Łódź" gives "lodz"), letters of other scripts stay ("茶碗"). A text without letters and
    digits gets a slug that is made of its digest.

    Args:
        text: a title or a name.
        limit: bytes in UTF-8.
    """
    spelled = text.replace("&", " and ").replace("'", "").replace("’", "")
    if spelled.isascii():
        slug = _NOT_ASCII_SLUG.sub("-", spelled.lower())
    else:
        slug = re.sub("-+", "-", _transliterate(normalize("NFKC", spelled).lower()))
    slug = _cut(slug.strip("-"), limit, limit).strip("-")
    return slug or _digest_slug(text)


def earlier_slugs(handle: str, title: str) -> tuple[str, ...]:
    """Return the slugs that earlier versions of the shop gave a product with this handle (or, without one, title).

    The product may still live there. A slug of these is a hint only: another product may have it by right, for
    "tea_pot" was folded to "tea-pot".
    """
    source = handle.strip() or title.strip()
    now = handle_slug(handle) or slugify(title)
    return (earlier,) if source and (earlier := _slugify_ascii(source)) != now else ()


def earlier_name_slug(name: str) -> str:
    """Return the slug that earlier versions of the shop gave a category with this name."""
    return _slugify_ascii(name)


def product_path(slug: str) -> str:
    """Return the path of a product's page, percent-encoded, without the shop's prefix."""
    return f"/products/{quote(slug, safe=PLAIN)}"


def category_path(path: str) -> str:
    """Return the path of a category's page, percent-encoded, without the shop's prefix."""
    return f"/categories/{quote(path)}"


def collection_path(slug: str) -> str:
    """Return the path of a collection's page, percent-encoded, without the shop's prefix."""
    return f"/collections/{quote(slug, safe=PLAIN)}"


def _slugify_ascii(text: str) -> str:
    """Return a text's slug by the rule of version 1: a–z and 0–9 only, other letters separate words."""
    plain = strip_marks(text).replace("&", " and ").replace("'", "").replace("’", "")
    return _NOT_ASCII_SLUG.sub("-", plain).strip("-")[:200].strip("-") or _digest_slug(text)


def _clean_handle(handle: str) -> str:
    """Return a handle in NFC, without percent-encoding and marks of the file, of copied text and of its direction."""
    return normalize("NFC", _decode_percents(handle)).strip().strip("\ufeff\u200b\u200e\u200f").strip()


def _decode_percents(handle: str) -> str:
    """Return a handle without percent-encoding, if it is UTF-8: shops that store addresses store it so."""
    if "%" not in handle:
        return handle
    try:
        return unquote(handle, errors="strict")
    except UnicodeDecodeError:
        return handle


def _is_allowed(character: str) -> bool:
    if character in _DELIMITERS:
        return False
    return character in _JOINERS or unicodedata.category(character)[0] not in "CZ"


def _transliterate(text: str) -> str:
    """Return a lower-case text with Latin letters as a–z, other letters as they are, and hyphens for the rest."""
    made: list[str] = []
    for character in text:
        kind = unicodedata.category(character)[0]
        if "a" <= character <= "z" or "0" <= character <= "9":
            made.append(character)
        elif kind == "L":
            made.append(latin_letters(character) or character)
        elif kind == "N" or (kind == "M" and made and not made[-1].isascii()):
            made.append(character)  # a mark of another script is part of its word
        elif kind != "M":
            made.append("-")
    return "".join(made)


def _cut(text: str, characters: int, size: int) -> str:
    """Return the beginning of a text: at most this many characters, and bytes in UTF-8."""
    return text[:characters].encode()[:size].decode(errors="ignore")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:10]


def _digest_slug(text: str) -> str:
    return f"n-{_digest(text)}"
