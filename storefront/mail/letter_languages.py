"""A letter in one of the languages of the shop: the merchant's words and ours, and the whole letter, in it.

Languages with the same words (German in Germany and in Austria) count as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app

from storefront.i18n import own_locale
from storefront.languages import Language, is_own
from storefront.mail.letter_kinds import LetterKind, compose_letter, words_language
from storefront.mail.letter_words import Words, find_words
from storefront.mail.messages import MailText, build_message, plain_text
from storefront.shop_settings.language_choice import UnknownLanguageError
from storefront.web.language_routes import list_languages, use_locale


@dataclass(frozen=True, slots=True)
class LetterInLanguage:
    """A kind of letter in a language."""

    kind: LetterKind
    language: Language

    @property
    def words_language(self) -> str:
        """The name under which its words are stored."""
        with use_locale(self.language.locale):
            return words_language()

    def find_words(self) -> Words:
        """Return the merchant's words; empty texts stand for ours."""
        return find_words(self.kind.name, self.words_language)

    def our_words(self) -> Words:
        """Return our words, with the placeholders in them."""
        with use_locale(self.language.locale):
            return self.kind.our_words

    def compose(self, words: Words | None = None) -> MailText:
        """Return the letter with invented facts, with these words or those that are stored."""
        with use_locale(self.language.locale):
            return compose_letter(self.kind.sample(), words)

    def plain_text(self) -> str:
        """Return the letter with invented facts as its reader sees it in a program without HTML."""
        text = self.compose()
        with use_locale(self.language.locale):
            return plain_text(build_message("robin@example.com", text, "sample"))


def list_letter_languages(kind: LetterKind) -> Sequence[Language]:
    """Return the languages in which a letter goes out, the shop's own first, which has an empty tag."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's own way
    own = Language("", own_locale())
    found = {LetterInLanguage(kind, own).words_language: own}
    for each in () if kind.is_internal else list_languages(app):
        found.setdefault(LetterInLanguage(kind, each).words_language, each)
    return list(found.values())


def choose_language(kind: LetterKind, tag: str) -> LetterInLanguage:
    """Return a letter in the language with this tag.

    Raises:
        UnknownLanguageError: the letter does not go out in it.
    """
    wanted = "" if is_own(tag, own_locale()) else tag
    chosen = next((each for each in list_letter_languages(kind) if each.tag == wanted), None)
    if chosen is None:
        raise UnknownLanguageError
    return LetterInLanguage(kind, chosen)
