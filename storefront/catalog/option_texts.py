"""The options of a variant as one text, for a line of a basket or of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def describe_options(names: Sequence[str], values: Sequence[str], words: Mapping[str, str]) -> str:
    """Return the options of a variant: "Blue / Large". A value without a letter says what it is: "Months: 3".

    Args:
        names: the product's option names, in order.
        values: the variant's values, in the same order.
        words: names and values that are translated into the present language.
    """
    padded = [*names, *[""] * len(values)]
    return " / ".join(_describe(name, value, words) for name, value in zip(padded, values, strict=False))


def _describe(name: str, value: str, words: Mapping[str, str]) -> str:
    shown, called = words.get(value, value), words.get(name, name)
    return shown if not called or any(map(str.isalpha, shown)) else f"{called}: {shown}"
