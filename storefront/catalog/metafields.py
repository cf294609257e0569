"""Metafields: facts of a product in columns of Shopify's, such as `Fabric (product.metafields.custom.fabric)`.

An import keeps these columns. The page of a product shows those whose key (`custom.fabric`) a merchant has chosen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.models import ShownMetafield
from storefront.errors import StorefrontError

_KEY = re.compile(r"[A-Za-z0-9_$:-]{1,255}\.[A-Za-z0-9_-]{1,64}", re.ASCII)
_HEADER = re.compile(r"([^(]*)\(product\.metafields\.([^()]+)\)", re.ASCII)


class MetafieldKeyError(StorefrontError):
    """A text that is not the key of a metafield; the sentence says how to write one."""

    status = 422

    def __init__(self, key: str) -> None:
        super().__init__(
            f"{key!r} is not the key of a metafield. Write namespace.key, such as custom.fabric "
            "for the column “Fabric (product.metafields.custom.fabric)”."
        )


def check_key(key: str) -> None:
    """Check the key of a metafield.

    Raises:
        MetafieldKeyError: it is not written as namespace.key.
    """
    if not _KEY.fullmatch(key):
        raise MetafieldKeyError(key)


def show_metafield(session: Session, key: str) -> None:
    """Show a metafield on the pages of products that have it. It may be shown already.

    Raises:
        MetafieldKeyError: the key is not written as namespace.key.
    """
    check_key(key)
    if session.get(ShownMetafield, key) is None:
        session.add(ShownMetafield(key=key))


def hide_metafield(session: Session, key: str) -> bool:
    """Show a metafield no longer; return whether it was shown."""
    shown = session.get(ShownMetafield, key)
    if shown is not None:
        session.delete(shown)
    return shown is not None


def list_shown_metafields(session: Session) -> Sequence[str]:
    """Return the keys of the metafields that pages show, in order."""
    return session.execute(select(ShownMetafield.key).order_by(ShownMetafield.key)).scalars().all()


def details(extra: Mapping[str, str], shown: Collection[str]) -> list[tuple[str, str]]:
    """Return name and value of each metafield that is shown, in the order of the file's columns.

    Args:
        extra: a product's kept columns by header.
        shown: keys of metafields.
    """
    found = ((_HEADER.fullmatch(header.strip()), str(value).strip()) for header, value in extra.items())
    return [
        (match[1].strip() or match[2], value)
        for match, value in found
        if match and value and match[2] in shown
    ]
