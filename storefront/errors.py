"""What can go wrong, with the facts that a page needs to say it in a sentence."""

from __future__ import annotations


class StorefrontError(Exception):
    """The base of every error that this shop raises on purpose; its text is a sentence for people.

    Attributes:
        status: the HTTP status of the page that tells it.
        is_told: whether the page says the text though the fault is ours (5xx): it is meant for shoppers.
    """

    status = 500
    is_told = False


class ConfigurationError(StorefrontError):
    """A setting is missing or cannot be read; the text says which and how to mend it."""


class BadInputError(StorefrontError):
    """A request carries a value that cannot be used.

    Attributes:
        field: the name of the parameter at fault.
    """

    status = 400

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
