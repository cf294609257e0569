"""Recognise files that are not product CSVs of Shopify, by columns that only they have (`foreign_patterns`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from storefront.catalog_files.foreign_patterns import PATTERNS, FilePattern, Kind
from storefront.catalog_files.product_columns import column_name
from storefront.catalog_files.translated_headers import find_language, read_names
from storefront.unicode_text import normalize


class ForeignFile(NamedTuple):
    """What a file is, if it is not a product CSV of Shopify.

    Attributes:
        name: such as "Google Merchant feed".
        columns: the columns by which it was recognised, as they are written.
        advice: what to do; empty if the import reads it.
        kind: the kind that the import reads; empty if it does not.
        names: our header by each translated one, of a sheet in another language than English.
    """

    name: str
    columns: list[str]
    advice: str
    kind: Kind
    names: Mapping[str, str] = MappingProxyType({})

    def __str__(self) -> str:
        """Return a sentence for the merchant."""
        article = "an" if self.name[0] in "AEIOUe" else "a"
        shown = ", ".join(self.columns[:6])
        return f"This is {article} {self.name} (found the columns {shown}). {self.advice}".strip()


def recognise_header(header: Sequence[str]) -> ForeignFile | None:
    """Return what a file with this header is; None if it is a product CSV of Shopify, or not known."""
    names = {fold(cell): cell for cell in reversed(header) if cell}
    best: tuple[int, FilePattern, list[str]] | None = None
    for pattern in PATTERNS:
        found = _find_columns(pattern, names)
        if found and (best is None or len(found) > best[0]):
            best = (len(found), pattern, found)
    if has_shopify_handles(header) and not (best and best[1].despite_handle):
        return None
    if best is not None:
        return ForeignFile(best[1].name, best[2], best[1].advice, best[1].kind)
    known = {column_name(cell) for cell in header}
    if not known >= {"title", "price"} and (translated := find_language(header)):
        language, pairs = translated
        name, columns = f"product sheet with {language} headers", [cell for cell, _ in pairs]
        if meant := read_names(pairs):
            return ForeignFile(name, columns, "", "translated", meant)
        advice = "Rename the columns: " + ", ".join(f"{cell} → {name}" for cell, name in pairs[:12]) + "."
        return ForeignFile(name, columns, advice, "")
    return None


def has_shopify_handles(header: Sequence[str]) -> bool:
    """Return whether a header has the handle and another column of Shopify's product CSV."""
    known = {column_name(cell) for cell in header if cell}
    return "handle" in known and len(known - {None}) >= 2


def score_header(header: Sequence[str]) -> int:
    """Return how many columns of a header are known, to Shopify's product CSV or to another kind of file."""
    own = sum(column_name(cell) is not None for cell in header)
    foreign = recognise_header(header)
    return max(own, len(foreign.columns) if foreign else 0)


def fold(header: str) -> str:
    """Return a header for comparison: small letters, "_" as a space, without what stands in brackets."""
    text = normalize("NFKC", header.replace("\ufeff", "")).casefold().replace("_", " ").removeprefix("g:")
    return " ".join(re.sub(r"[(\[][^()\[\]]{0,80}[)\]]", "", text[:300]).split())


def _find_columns(pattern: FilePattern, names: dict[str, str]) -> list[str]:
    """Return the columns by which a file is of this kind, as they are written; none if it is not."""
    if set(pattern.without.split("|")) & names.keys():
        return []
    required = [name for name in pattern.required.split("|") if name]
    marks = [name for name in pattern.marks.split("|") if name in names]
    if len(marks) < pattern.least or any(name not in names for name in required):
        return []
    wanted = {*required, *marks}
    return [cell for name, cell in reversed(names.items()) if name in wanted]
