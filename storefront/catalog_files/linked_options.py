"""Option values that are linked to a metafield: a file has their handles ("size-5"), shoppers see labels ("5").

Shopify's file has no labels. The label of a handle is the handle without the words with which the metafield's name
ends, and with spaces for hyphens: "size-5" of `shopify.ring-size` is "5", "light-blue" of `shopify.color-pattern` is
"Light blue". An export writes the handle again: the one in the metafield's column that has the label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from storefront.catalog_files.product_columns import LINKED_TO

_HANDLE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_WORDS = re.compile(r"[-_]")
_LIST = re.compile(r"[;,]")


def links_of(extra: Mapping[str, str]) -> dict[int, str]:
    """Return the metafield of each linked option by the option's place from 0; `extra`: kept columns of a product."""
    found = ((place, extra.get(header, "").strip()) for place, header in enumerate(LINKED_TO))
    return {place: metafield for place, metafield in found if metafield}


def label_values(values: Iterable[str], metafield: str) -> dict[str, str]:
    """Return the label of each value of an option. Values whose labels would be the same keep their handles."""
    labels = {value: _label(value, metafield) for value in values}
    found = list(labels.values())
    return {value: label if found.count(label) == 1 else value for value, label in labels.items()}


def handle_values(extra: Mapping[str, str], metafield: str) -> dict[str, str]:
    """Return the handle for each label, from the column of the metafield among the kept columns of a product."""
    column = next((header for header in extra if f"({metafield})" in header or header == metafield), "")
    handles = [part.strip() for part in _LIST.split(extra.get(column, "")) if part.strip()]
    return {label: handle for handle, label in label_values(dict.fromkeys(handles), metafield).items()}


def _label(value: str, metafield: str) -> str:
    if not _HANDLE.fullmatch(value):
        return value  # a label already
    words, name = _WORDS.split(value), _WORDS.split(metafield.rpartition(".")[2])
    for number in range(min(len(name), len(words) - 1), 0, -1):
        if words[:number] == name[-number:]:
            words = words[number:]
            break
    text = ("-" if all(word.isdecimal() for word in words) else " ").join(words)
    return text[0].upper() + text[1:]
