"""Base classes of the shop's errors."""

from __future__ import annotations


class StorefrontError(Exception):
    """The base of every error that this shop raises on purpose; its text is a sentence for people.

    Attributes:
        status: HTTP status of the error page.
        is_public: whether an error page with a 5xx status shows the text; with other statuses it always does.
        retry_after: seconds after which the same request may succeed; None if that is not known.
    """

    status = 500
    is_public = False
    retry_after: int | None = None


class ConfigurationError(StorefrontError):
    """A setting is missing or invalid; the text says which one and how to correct it."""


class BadInputError(StorefrontError):
    """A request has a value that cannot be used.

    Attributes:
        field: name of the invalid parameter.
    """

    status = 400

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
