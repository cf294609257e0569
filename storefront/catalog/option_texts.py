"""The options of a variant as one text: for a line of a basket or of an order, and for the staff's lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def describe_options(names: Sequence[str], values: Sequence[str], words: Mapping[str, str]) -> str:
    """Return the options of a variant: "Blue / Large". A value without a letter says what it is: "Months: 3".

    Args:
        names: the product's option names, in order.
        values: the variant's values, in the same order.
        words: names and values that are translated into the present language.
    """
    padded = [*names, *[""] * len(values)]
    return join_values(_describe(name, value, words) for name, value in zip(padded, values, strict=False))


def join_values(values: Iterable[str | None]) -> str:
    """Return the values alone, without empty ones: "Blue / Large"."""
    return " / ".join(filter(None, values))


def _describe(name: str, value: str, words: Mapping[str, str]) -> str:
    shown, called = words.get(value, value), words.get(name, name)
    return shown if not called or any(map(str.isalpha, shown)) else f"{called}: {shown}"
