"""The order of matches by relevance: how well a product's title answers the words of a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storefront.catalog.search.folding import fold
from storefront.catalog.search.match_expression import query_grams, read_parts
from storefront.catalog.search.text_words import compounds, forms, join_words, split_runs

# What a word of the query costs: it is a word of the title, one that is a word of it with its neighbour, another form
# of one, the beginning of one, one that is split or joined otherwise, or not in the title. That costs more than two
# words found together: for "tea pot" a teapot comes before a tea cup.
_EXACT, _WHOLE, _STEM, _BEGINNING, _JOINED, _MISSING = 0, 1, 2, 4, 6, 16
_FAR = 99

Rank = tuple[int, int, int]


def spell(query: str, titles: Iterable[str]) -> str:
    """Return a corrected query with its words as titles spell them: "musli" as "müsli"."""
    wanted = {fold(word): word for word in query.split()}
    for title in titles:
        for found in compounds(title):
            wanted |= {fold(part): part for part in found.parts if fold(part) in wanted}
    return " ".join(wanted.values())


class Ranking:
    """Ranks titles for one query."""

    def __init__(self, query: str, language: str) -> None:
        self._language = language
        parts, _ = read_parts(query)
        self._words: list[tuple[str, frozenset[str], frozenset[str]]] = []
        for place, part in enumerate(parts):
            pairs = {join_words(parts[i : i + 2]) for i in (place - 1, place) if 0 <= i < len(parts) - 1}
            found = forms(part, language)
            other = frozenset((*found.stems, *found.spelt))
            joined = frozenset(fold(pair) for pair in pairs if pair)
            tokens = [token for piece in split_runs(fold(part)) for token in query_grams(piece)]
            self._words += [(token, other, joined) for token in tokens]

    def rank(self, title: str) -> Rank:
        """Return a title's sort key, best first: the cost of the words, the earliest match, the shortest title."""
        heading: list[str] = []
        roots: set[str] = set()
        joined: set[str] = set()
        before = ""
        for found in compounds(title):
            joined.add(fold(found.joined))
            for part in found.parts:
                known = forms(part, self._language)
                heading += known.plain
                roots.update(known.plain, known.stems, known.spelt)
                joined.add(fold(join_words((before, part))))
                before = part
        costs = [self._cost(*word, heading, roots, joined) for word in self._words]
        first = self._words[0][0] if self._words else ""
        place = next((i for i, word in enumerate(heading) if first and word.startswith(first)), _FAR)
        return sum(costs), place, len(heading)

    def _cost(
        self,
        word: str,
        other: frozenset[str],
        pairs: frozenset[str],
        heading: Sequence[str],
        roots: set[str],
        joined: set[str],
    ) -> int:
        if word in heading:
            return _EXACT
        if word in roots or not roots.isdisjoint(other):
            return _STEM
        if not roots.isdisjoint(pairs):
            return _WHOLE
        if any(known.startswith(word) for known in heading):
            return _BEGINNING
        return _JOINED if word in joined or not joined.isdisjoint(other) else _MISSING
