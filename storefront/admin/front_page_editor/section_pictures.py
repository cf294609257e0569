"""The pictures in the form of a section: sent, kept from before, described or removed.

A picture that was sent is stored before the other fields are checked, and the form carries its digest: nobody has to
choose a file twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import request

from storefront.admin.sent_pictures import store_picture
from storefront.catalog.models import PagePicture
from storefront.catalog.page_data import Picture
from storefront.catalog.pictures import PictureError
from storefront.change_sets.reason_texts import translate_reason
from storefront.content.front_page.page_sections import MAX_ALT, SectionPicture
from storefront.content.page_pictures import remember_pictures
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.web.forms import Form

FIRST = "p1"


def picture_values(prefix: str, picture: SectionPicture) -> dict[str, str]:
    """Return what the fields of a picture show."""
    return {
        f"{prefix}-digest": picture.digest,
        f"{prefix}-alt": picture.alt,
        f"{prefix}-decorative": "" if picture.alt else "1",
    }


def read_picture(form: Form, prefix: str = FIRST) -> SectionPicture | None:
    """Return the picture of these fields; None without one, or with a sentence in the form's errors."""
    alt = form.text(f"{prefix}-alt", _("a description"), most=MAX_ALT, required=False)
    decorates = form.ticked(f"{prefix}-decorative")
    stored = _store(form, prefix) or _find(form.typed(f"{prefix}-digest"))
    is_removed = form.ticked(f"{prefix}-removed") and not is_sent(prefix)
    form.values[f"{prefix}-digest"] = stored.digest if stored else ""
    if stored is None or is_removed:
        return None
    if alt and decorates:
        form.errors.setdefault(
            f"{prefix}-alt", _("A picture that only decorates has no description: take away one of the two.")
        )
    if not alt and not decorates:
        form.errors.setdefault(
            f"{prefix}-alt",
            _("Describe the picture for people who don’t see it, or tick that it only decorates."),
        )
    return SectionPicture(stored.digest, stored.width, stored.height, alt)


def find_pictures(values: Mapping[str, str]) -> dict[str, Picture]:
    """Return the pictures of a form by the prefix of their fields, as pages show them."""
    found = {}
    for name, digest in values.items():
        if name.endswith("-digest") and (stored := _find(digest)) is not None:
            alt = values.get(name.replace("-digest", "-alt"), "")
            found[name.removesuffix("-digest")] = Picture.with_renditions(stored, alt, None)
    return found


def is_sent(prefix: str) -> bool:
    """Return whether a file was chosen in these fields."""
    file = request.files.get(f"{prefix}-file")
    return file is not None and bool(file.filename)


def _store(form: Form, prefix: str) -> SectionPicture | None:
    if not is_sent(prefix):
        return None
    try:
        stored = store_picture(request.files[f"{prefix}-file"])
    except PictureError as error:
        form.errors[f"{prefix}-file"] = _(
            "This file can’t be used. %(reason)s", reason=translate_reason(str(error))
        )
        return None
    picture = SectionPicture(stored.digest, stored.width, stored.height)
    with write_transaction() as session:
        remember_pictures(session, [picture])
    return picture


def _find(digest: str) -> SectionPicture | None:
    """Return a picture that a page may show; None for a digest that was made up."""
    row = db.session.get(PagePicture, digest) if digest else None
    return SectionPicture(row.digest, row.width, row.height) if row else None
