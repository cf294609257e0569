"""The error of files that cannot be read as a table."""

from __future__ import annotations

from storefront.errors import StorefrontError


class UnreadableFileError(StorefrontError):
    """The file as a whole cannot be read; the text says why, and what to do."""
