"""The pictures of a product in its form: text, place, removal, and files that arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage

from storefront.admin.product_form.form_fields import Field, FormField
from storefront.admin.sent_pictures import store_picture
from storefront.catalog.page_data import Picture
from storefront.catalog.picture_edits import MAX_ALT
from storefront.catalog.pictures import PictureError
from storefront.catalog.product_writer import LockedProduct, PictureEdit
from storefront.change_sets.reason_texts import translate_reason
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.unicode_text import clean_line

FIELDS = (
    Field("alt", lazy_gettext("Text for people who don’t see it"), "line", MAX_ALT),
    Field("place", lazy_gettext("Place"), "number", required=True),
    Field("removed", lazy_gettext("Remove"), "tick"),
)
FILES = "pictures"  # the form's field with new files
MAX_PICTURES = 100  # of one product
MAX_FILES = 30  # at once: each is made small while the sender waits


def iterate_pictures(loaded: LockedProduct) -> Iterator[FormField]:
    """Yield the fields of the present pictures."""
    for place, image in enumerate(loaded.images, 1):
        shown = {"alt": image.alt, "place": str(place), "removed": ""}
        for field in FIELDS:
            name = _("Picture %(number)d", number=place)
            yield FormField(f"p{image.id}-{field.column}", field, "", name, shown[field.column])


def list_pictures(loaded: LockedProduct) -> list[tuple[str, Picture | None]]:
    """Return the prefix of each picture's fields, and the picture; None if it has not been fetched yet."""
    return [
        (
            f"p{image.id}",
            Picture(image.digest, image.width, image.height, image.alt) if image.digest else None,
        )
        for image in loaded.images
    ]


def apply_pictures(
    loaded: LockedProduct, changes: Mapping[str, Any], added: Sequence[PictureEdit]
) -> list[PictureEdit] | None:
    """Return all pictures as they become; None if nothing changes."""
    own = {
        name: value for name, value in changes.items() if name.endswith(tuple(f"-{f.column}" for f in FIELDS))
    }
    if not own and not added:
        return None
    rows = []
    for place, image in enumerate(loaded.images, 1):
        if own.get(f"p{image.id}-removed"):
            continue
        # Of two at one place, the one that was moved there comes first.
        moved = own.get(f"p{image.id}-place")
        rows.append(
            (place if moved is None else moved - 0.5 * (moved < place) + 0.5 * (moved > place), place, image)
        )
    rows.sort(key=lambda row: row[:2])
    kept = [PictureEdit(image.id, own.get(f"p{image.id}-alt", image.alt)) for _wanted, _place, image in rows]
    present = {image.digest for image in loaded.images}
    return [*kept, *(each for each in added if each.digest not in present)]


def find_foreign_pictures(
    loaded: LockedProduct, changes: Mapping[str, Any], fields: Mapping[str, FormField]
) -> dict[str, str]:
    """Return a sentence by field for each variant that is to show a picture that the product does not have."""
    own = {None, *(image.id for image in loaded.images)}
    chosen = {name: value for name, value in changes.items() if fields[name].field.kind == "picture"}
    sentence = _("The product does not have this picture any more. Choose another one.")
    return {name: sentence for name, value in chosen.items() if value not in own}


def name_pictures(loaded: LockedProduct) -> dict[str, str]:
    """Return the names of the pictures for people, by their ids as the form has them."""
    return {
        str(image.id): _("Picture %(number)d", number=place)
        + (f"{_(': ')}{image.alt[:40]}" if image.alt else "")
        for place, image in enumerate(loaded.images, 1)
    }


def store_files(errors: dict[str, str], present: int) -> list[PictureEdit]:
    """Store the files of the request; `errors` has a sentence about those that cannot be used."""
    files = [file for file in request.files.getlist(FILES) if file.filename]
    if len(files) > MAX_FILES or present + len(files) > MAX_PICTURES:
        errors[FILES] = _(
            "Send up to %(count)d pictures at once; a product can have %(most)d.",
            count=MAX_FILES,
            most=MAX_PICTURES,
        )
        return []
    stored, refused = [], []
    for file in files:
        try:
            stored.append(_store(file))
        except PictureError as error:
            refused.append(
                _("%(name)s can’t be used. %(reason)s", name=_name(file), reason=translate_reason(str(error)))
            )
    if refused:
        errors[FILES] = " ".join(refused)
    return stored


def _store(file: FileStorage) -> PictureEdit:
    found = store_picture(file)
    source = f"{found.digest}.webp"  # imports and exports tell pictures apart by it
    return PictureEdit(None, "", source, found.digest, found.width, found.height)


def _name(file: FileStorage) -> str:
    """Return the file's name without folders and control characters."""
    return clean_line((file.filename or "").replace("\\", "/").rpartition("/")[2])[:200]
