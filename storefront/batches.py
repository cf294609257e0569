"""Split long work into parts that one statement or one transaction takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of this size; the last one may be shorter. Reads no further than it yields."""
    source = iter(values)
    while batch := list(islice(source, size)):
        yield batch
