"""Counts the steps in which Python's `re` matches: a backtracking matcher of the same parsed patterns.

`re` is written in C and counts nothing. This one takes the same way through a pattern (`re._parser`), and counts each
character that it compares. It knows what the shop's patterns use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from re import _constants as op
from re import _parser
from typing import Any

Next = Callable[[int], bool]
_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}
_WORD = re.compile(r"\w")


class Matcher:
    """Matches one pattern, and counts the steps.

    Attributes:
        steps: the characters that were compared so far.
    """

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._ignore_case = bool(pattern.flags & re.I)
        self._dot_all = bool(pattern.flags & re.S)
        self._items = list(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
        self.steps = 0

    def run(self, text: str, method: str) -> int:
        """Use the pattern on a text as a method of `re.Pattern` does; return the steps."""
        self._text, self.steps = text, 0
        if method in ("match", "fullmatch"):
            self._match(self._items, 0, 0, lambda end: method == "match" or end == len(text))
            return self.steps
        start = 0
        ends: list[int] = []
        while start <= len(text):
            if self._match(self._items, 0, start, lambda end: ends.append(end) is None):
                if method == "search":
                    break
                start = max(ends[-1], start + 1)
            else:
                start += 1
        return self.steps

    def _match(self, items: Sequence[Any], i: int, at: int, then: Next) -> bool:
        if i == len(items):
            return then(at)
        kind, value = items[i]

        def rest(end: int) -> bool:
            return self._match(items, i + 1, end, then)

        if kind is op.AT:
            return self._is_at(value, at) and rest(at)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            direction, inner = value
            begin = at if direction > 0 else at - inner.getwidth()[0]
            holds = begin >= 0 and self._match(list(inner), 0, begin, lambda end: direction > 0 or end == at)
            return holds == (kind is op.ASSERT) and rest(at)
        if kind is op.BRANCH:
            return any(self._match(list(branch), 0, at, rest) for branch in value[1])
        if kind is op.SUBPATTERN:
            return self._match(list(value[3]), 0, at, rest)
        if kind in (op.MAX_REPEAT, op.POSSESSIVE_REPEAT):
            return self._repeat(*value, at, rest, possessive=kind is op.POSSESSIVE_REPEAT)
        return self._is_one(kind, value, at) and rest(at + 1)

    def _repeat(self, least: int, most: int, inner: Any, at: int, rest: Next, *, possessive: bool) -> bool:
        items = list(inner)
        if len(items) == 1 and items[0][0] in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            end = at
            while end - at < most and self._is_one(*items[0], end):
                end += 1
            ends: Iterable[int] = [end] if possessive else range(end, at + least - 1, -1)
            return any(rest(each) for each in ends if each - at >= least)
        assert not possessive

        def again(count: int, here: int) -> bool:
            more = count < most and self._match(
                items, 0, here, lambda end: end > here and again(count + 1, end)
            )
            return more or (count >= least and rest(here))

        return again(0, at)

    def _is_one(self, kind: Any, value: Any, at: int) -> bool:
        self.steps += 1
        if at >= len(self._text):
            return False
        one = self._text[at]
        if kind is op.ANY:
            return self._dot_all or one != "\n"
        if kind is op.IN:
            negated = value[0][0] is op.NEGATE
            return any(self._is_in(*each, one) for each in value[negated:]) != negated
        if kind in (op.LITERAL, op.NOT_LITERAL):
            return self._is_in(op.LITERAL, value, one) == (kind is op.LITERAL)
        raise NotImplementedError(kind)

    def _is_in(self, kind: Any, value: Any, one: str) -> bool:
        if kind is op.CATEGORY:
            return re.fullmatch(_CATEGORIES[value], one) is not None
        spellings = {one, one.lower(), one.upper()} if self._ignore_case else {one}
        if kind is op.RANGE:
            return any(value[0] <= ord(each) <= value[1] for each in spellings if len(each) == 1)
        return chr(value) in spellings

    def _is_at(self, place: Any, at: int) -> bool:
        self.steps += 1
        text = self._text
        if place in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return at == 0
        if place is op.AT_END:
            return at == len(text) or text[at:] == "\n"
        if place is op.AT_END_STRING:
            return at == len(text)
        if place is op.AT_BOUNDARY:
            return bool(_WORD.match(text[max(at - 1, 0) : at])) != bool(_WORD.match(text[at : at + 1]))
        raise NotImplementedError(place)


def letters_of(pattern: re.Pattern[str]) -> list[str]:
    """Return characters that matter to a pattern: those that it names, and one for each kind that it does not."""
    named = dict.fromkeys(_named(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)))
    return [*list(named)[:6], *(one for one in "a1 " if one not in named)]


def _named(items: Any) -> Iterable[str]:
    for kind, value in items:
        if kind in (op.LITERAL, op.NOT_LITERAL):
            yield chr(value)
        elif kind is op.RANGE:
            yield chr(value[0])
        elif kind is op.IN:
            yield from _named(value)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from _named(branch)
        elif kind is op.SUBPATTERN:
            yield from _named(value[3])
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            yield from _named(value[2])
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            yield from _named(value[1])
