"""The error of wrong terms of sale: one check, with a sentence for a form and one for checkout.toml."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from storefront.errors import ConfigurationError


class TermError(ConfigurationError):
    """A value of the terms of sale is wrong. Its text is for operators, who write the terms in a file.

    Attributes:
        field: the name of the value in its table; empty if the error is about the whole.
        sentence: how to correct it, for the form in the back office.
    """

    def __init__(self, text: str, *, field: str = "", sentence: str = "") -> None:
        super().__init__(text)
        self.field = field
        self.sentence = sentence or text


@contextmanager
def named_errors(where: str, field: str) -> Iterator[None]:
    """Turn the ValueError of a wrong code into a TermError that names the place in the file."""
    try:
        yield
    except ValueError as error:
        raise TermError(f"{where}: {error}", field=field, sentence=str(error)) from None
