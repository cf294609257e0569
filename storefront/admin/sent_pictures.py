"""A picture that a form carries: checked, made small and stored, or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

from flask import current_app
from werkzeug.datastructures import FileStorage

from storefront.catalog import pictures
from storefront.catalog.pictures import PictureError, StoredPicture
from storefront.i18n import gettext as _


def store_picture(file: FileStorage) -> StoredPicture:
    """Store the renditions of a sent file.

    Raises:
        PictureError: it cannot be used, or not be stored now, as on a full disk; the text says why.
    """
    data = file.stream.read(pictures.MAX_BYTES + 1)
    try:
        return pictures.store(data, Path(current_app.config["MEDIA_DIR"]))
    except OSError as error:
        current_app.logger.exception("a picture cannot be stored")
        raise PictureError(_("It can’t be stored now. Try again later.")) from error
