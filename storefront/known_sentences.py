"""Sentences that are stored or raised in English, said in the language of a page.

Commands and logs print such a sentence as it is. A page knows it by the pattern of its text, and translates it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from storefront.i18n import format_number, gettext, shop_locale

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+")


class KnownSentences:
    """Translates the sentences of a list.

    Args:
        texts: marked for the translations (`mark_text`), with values as `%(name)s`. The first that fits counts.
        texts_in: the names of values that are sentences of the list, too.
        lists_in: the names of values that are lists of such sentences, each with what stands between two.
        words: values that are sentences of the list, whatever their name.
        translators: how other values are translated, by their name.
    """

    def __init__(
        self,
        texts: Iterable[str],
        *,
        texts_in: Iterable[str] = (),
        lists_in: Mapping[str, str] | None = None,
        words: Iterable[str] = (),
        translators: Mapping[str, Callable[[str], str]] | None = None,
    ) -> None:
        self._texts = tuple(texts)
        self._texts_in = frozenset(texts_in)
        self._lists_in = lists_in or {}
        self._words = frozenset(words)
        self._translators = translators or {}

    def translate(self, sentence: str) -> str:
        """Return a sentence in the language of the page; as it is if the list does not have it."""
        if shop_locale().startswith("en"):
            return sentence
        for text, pattern in self._patterns:
            if found := pattern.fullmatch(sentence):
                values = found.groupdict()
                return gettext(text, **{name: self._say(name, value) for name, value in values.items()})
        return sentence

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(text, _compile(text)) for text in self._texts]

    def _say(self, name: str, value: str) -> str:
        if translator := self._translators.get(name):
            return translator(value)
        if sign := self._lists_in.get(name):
            return sign.join(map(self.translate, value.split(sign)))
        if _NUMBER.fullmatch(value):
            return format_number(int(value.replace(",", "")))
        return self.translate(value) if name in self._texts_in or value in self._words else value


def _compile(text: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", text)
    for place, name in enumerate(parts):
        # What stands before a colon is the subject of a reason, not a part of its first value.
        value = "(?:(?!: ).)+?" if name in ("value", "code", "number") else ".+?"
        parts[place] = f"(?P<{name}>{value})" if place % 2 else re.escape(name)
    return re.compile("".join(parts), re.DOTALL)
