"""What can be wrong with the translation of a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from babel.messages.catalog import Message

# Values of Python, and those that scripts and the merchant's texts put in: "{number} ticked".
_PLACEHOLDER = re.compile(r"%\(\w+\)[-+ #0]*\d*(?:\.\d+)?[a-z]|\{\w+\}")
_ANY_FORMAT = re.compile(r"%(?:\(\w+\)[-+ #0]*\d*(?:\.\d+)?[a-z]|%)")
_UNSPACED = re.compile("[\u3001-\u30ff\u3400-\u9fff\uff01-\uff5e]")  # scripts without spaces between words
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|&\w+;|&#\d+;")


def forms_of(message: Message) -> tuple[str, ...]:
    """Return the translations of a message: one, or one for each plural form; missing ones are empty."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return tuple(form or "" for form in forms)


def is_translated(message: Message) -> bool:
    """Return whether all forms of a message are there."""
    return all(forms_of(message))


def find_faults(message: Message, plural_forms: int) -> Iterator[str]:
    """Yield what is wrong with a message's translation, for people.

    Args:
        message: of a catalog, translated.
        plural_forms: how many forms its language has.
    """
    originals = message.id if isinstance(message.id, tuple | list) else (message.id,)
    forms = forms_of(message)
    if message.fuzzy:
        yield "it is marked as fuzzy"
    if message.pluralizable and len(forms) != plural_forms:
        yield f"it has {len(forms)} forms, its language has {plural_forms}"
    for index, form in enumerate(forms):
        if form:
            # The last form is the plural; the others stand for numbers of their own, as the singular does.
            allowed = originals[-1:] if index == len(forms) - 1 else originals
            yield from _compare(form, allowed)


def _compare(form: str, originals: tuple[str, ...] | list[str]) -> Iterator[str]:
    if not any(set(_PLACEHOLDER.findall(form)) == set(_PLACEHOLDER.findall(each)) for each in originals):
        yield f"its placeholders differ in {form!r}"
    if not any(Counter(_TAG.findall(form)) == Counter(_TAG.findall(each)) for each in originals):
        yield f"its HTML differs in {form!r}"
    if any("%(" in each for each in originals) and "%" in _ANY_FORMAT.sub("", form):
        yield f"a percent sign is to be written as %% in {form!r}"
    original = originals[-1]
    if not _UNSPACED.search(form) and (form[:1].isspace(), form[-1:].isspace()) != (
        original[:1].isspace(),
        original[-1:].isspace(),
    ):
        yield f"it begins or ends with a space, or should, in {form!r}"
