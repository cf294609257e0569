"""How the option values of a source fit the option columns of the shop's product.

A source may have other names, another order, or fewer options than the shop. Nothing that it does not name is lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from storefront.unicode_text import normalize

Options = tuple[str, str, str]
NO_OPTIONS: Options = ("", "", "")


def fold_value(value: str) -> str:
    """Return an option value for comparison: in NFC, without spaces around it or double ones. Case counts."""
    return " ".join(normalize("NFC", value).split())


class OptionColumns:
    """Maps a source's option values to columns.

    Names are compared without case. A source with as many names as the product, or more, decides on the order; one
    with fewer names leaves the others as they are, since a column that a file does not have changes nothing.

    Args:
        present: the product's option names in the shop.
        given: the source's; None or empty if it has none.

    Attributes:
        names: the product's option names after the change.

    """

    def __init__(self, present: Sequence[str], given: Sequence[str] | None) -> None:
        given = list(given or ())
        of_present = _pair(given, present)
        if len(given) >= len(present):
            self.names = given
            self._columns = list(range(len(given)))
            self._sources: list[int | None] = list(of_present)
        else:
            self.names = list(present)
            self._columns = [column for column in of_present if column is not None]
            for column, name in zip(self._columns, given, strict=True):
                self.names[column] = name
            self._sources = list(range(len(present)))
        if not given:
            self._columns = [0, 1, 2]
        self._sources += [n if n >= len(present) else None for n in range(len(self._sources), 3)]

    def move(self, options: Options) -> Options:
        """Return a variant's present values in the columns that they have after the change."""
        one, two, three = ("" if source is None else options[source] for source in self._sources)
        return one, two, three

    def place(self, values: Sequence[str], present: Options) -> Options:
        """Return a variant's values after the change; an empty value leaves the present one as it is."""
        placed = list(self.move(present))
        for column, value in zip(self._columns, values, strict=False):
            placed[column] = value or placed[column]
        return placed[0], placed[1], placed[2]

    def select(self, options: Options, count: int) -> tuple[str, ...]:
        """Return the moved values of the columns that a source's first `count` values belong to, for comparison."""
        moved = self.move(options)
        return tuple(fold_value(moved[column]) for column in self._columns[:count])

    def missing(self, count: int) -> list[str]:
        """Return the names of options that a source with `count` values says nothing of."""
        return [name for column, name in enumerate(self.names) if column not in self._columns[:count]]


def _pair(given: Sequence[str], present: Sequence[str]) -> list[int | None]:
    """Return for each given name the column of the same name, else the next column that has no namesake."""
    folded = [fold_value(name).casefold() for name in present]
    columns: list[int | None] = []
    for name in given:
        key = fold_value(name).casefold()
        columns.append(folded.index(key) if key in folded and folded.index(key) not in columns else None)
    free = iter([column for column in range(len(present)) if column not in columns])
    return [next(free, None) if column is None else column for column in columns]
