"""The variants of a product as a matrix of its option values: generated from the values, keeping what exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

# The columns of a variant that hold its option values.
OPTION_COLUMNS = ("option1", "option2", "option3")
MAX_OPTIONS = len(OPTION_COLUMNS)
Values = tuple[str, ...]


@dataclass(slots=True)
class Matrix:
    """The variants that options make.

    Attributes:
        rows: in order, the values of each variant, and its code; None if it is new.
        removed: codes of variants whose values are gone.
        is_ambiguous: whether two existing variants would have the same values.
    """

    rows: list[tuple[Values, str | None]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    is_ambiguous: bool = False


def list_values(variants: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the values of each of the three options in order, of variants by code with three values each."""
    return [
        list(dict.fromkeys(options[place] for options in variants.values() if options[place]))
        for place in range(MAX_OPTIONS)
    ]


def build_matrix(variants: Mapping[str, Sequence[str]], wanted: Sequence[Sequence[str]]) -> Matrix:
    """Return the variants that these values make.

    A value that takes the place of another one in an equally long list renames it. Existing variants get the first
    value of an option that is new, and lose an option without values.

    Args:
        variants: the three option values of each present variant by its code, "" for missing ones.
        wanted: the values of each of the three options; none if there is no such option.
    """
    present = list_values(variants)
    renamed = [_find_renames(old, new) for old, new in zip(present, wanted, strict=True)]
    matrix, codes = Matrix(), dict[Values, str]()
    for code, options in variants.items():
        moved = tuple(
            _move(value, renamed[place], wanted[place], is_new=not present[place])
            for place, value in enumerate(options)
        )
        matrix.is_ambiguous |= moved in codes
        codes.setdefault(moved, code)
    for values in product(*(each or [""] for each in wanted)):
        matrix.rows.append((values, codes.pop(values, None)))
    matrix.removed = list(codes.values())
    return matrix


def _find_renames(old: Sequence[str], new: Sequence[str]) -> dict[str, str]:
    if len(old) != len(new):
        return {}
    return {
        before: after
        for before, after in zip(old, new, strict=True)
        if before not in new and after not in old
    }


def _move(value: str, renamed: Mapping[str, str], wanted: Sequence[str], *, is_new: bool) -> str:
    if not wanted:
        return ""
    return wanted[0] if is_new else renamed.get(value, value)
