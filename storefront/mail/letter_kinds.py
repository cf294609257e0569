"""The letters of the shop: which there are, our words for them, and the merchant's words in their place.

A letter has words (subject, opening, closing) and facts (links, amounts, tables, what the law or safety needs). The
merchant changes words only, so that no letter loses what its reader needs. Rooms register their letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from flask import Flask, current_app

from storefront import shop_settings
from storefront.app_state import AppState
from storefront.i18n import remove_isolates, shop_language
from storefront.mail import placeholders
from storefront.mail.letter_words import Words, find_words
from storefront.mail.messages import MailText

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter without its words.

    Attributes:
        kind: the name of its `LetterKind`.
        facts: what stands in it whatever its words are; its subject is empty, and so are its paragraphs if there
            are no facts between the opening and the link.
        values: of the placeholders; that of `shop_name` is added.
    """

    kind: str
    facts: MailText
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LetterKind:
    """A kind of letter.

    Attributes:
        name: in addresses and in SQL.
        group: the heading under which it stands.
        label: what the merchant reads.
        words: our words, made of the values of the placeholders.
        sample: a letter with invented facts, for the preview.
        placeholders: their names, beside `shop_name`.
        is_internal: whether people who work in the shop get it: it is in the shop's own language.
    """

    name: str
    group: str
    label: str
    words: Callable[[Values], Words]
    sample: Callable[[], Letter]
    placeholders: tuple[str, ...] = ()
    is_internal: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        """The names of all its placeholders."""
        return ("shop_name", *self.placeholders)

    @property
    def our_words(self) -> Words:
        """Our words with the placeholders in them."""
        found = self.words({name: f"{{{name}}}" for name in self.known})
        return Words(
            remove_isolates(found.subject), remove_isolates(found.opening), remove_isolates(found.closing)
        )


_kinds = AppState[dict[str, LetterKind]]("mail.letter_kinds")


def register_letters(app: Flask, *kinds: LetterKind) -> None:
    """Register the letters of a room."""
    _kinds.set(app, {kind.name: kind for kind in kinds} | (_kinds.find(app) or {}))


def all_letters() -> list[LetterKind]:
    """Return all letters, those of the highest room first."""
    return list(_kinds.get(current_app).values())


def find_letter_kind(name: str) -> LetterKind | None:
    """Return the kind of letter with this name."""
    return _kinds.get(current_app).get(name)


def words_language() -> str:
    """Return the language in which a letter is written now, such as "de": the merchant's words are stored by it."""
    return shop_language().partition("-")[0]


def compose_letter(letter: Letter, words: Words | None = None) -> MailText:
    """Return a letter with its words: those given, else those of the merchant, else ours."""
    kind = _kinds.get(current_app)[letter.kind]
    own = find_words(kind.name, words_language()) if words is None else words
    values = {"shop_name": shop_settings.current().name, **letter.values}
    ours = kind.words(values)

    def choose(text: str, default: str) -> str:
        return placeholders.fill(text, values) if text else default

    opening, closing = choose(own.opening, ours.opening), choose(own.closing, ours.closing)
    return msgspec.structs.replace(
        letter.facts,
        subject=" ".join(choose(own.subject, ours.subject).split()),
        paragraphs=(*_paragraphs(opening), *letter.facts.paragraphs),
        after=(*letter.facts.after, *_paragraphs(closing)),
    )


def _paragraphs(text: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
