"""Pictures in the text of a page: sent with its form, put at the end of the text, and offered by the editor.

The picture is in the text that the form shows again, so that no error elsewhere loses it; what is sent without a
description is carried until it has one.
"""

from __future__ import annotations

import re

from markupsafe import Markup
from sqlalchemy import select

from storefront.admin.front_page_editor import section_pictures
from storefront.admin.front_page_editor.section_pictures import FIRST
from storefront.catalog.models import PagePicture
from storefront.catalog.page_data import Picture
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.web.forms import Form

BUTTON = "add-picture"  # puts the picture into the text, and saves nothing
_WIDTH = 640  # pixels: the rendition that texts show, as those of products do
_DIGEST = re.compile(r'/media/([0-9a-f]{32,64})-[0-9]+\.webp"')


def append_sent(form: Form, body: str) -> str:
    """Return the text with the picture of the form's fields, if there is one, at its end."""
    if not section_pictures.is_sent(FIRST) and not form.typed(f"{FIRST}-digest"):
        if form.is_sent(BUTTON):
            form.errors[f"{FIRST}-file"] = _("Choose a picture.")
        return body
    found = section_pictures.read_picture(form)
    if found is None or errors_of(form):
        return body
    for name in [name for name in form.values if name.startswith(f"{FIRST}-")]:
        del form.values[name]
    picture = Picture.with_renditions(found, found.alt, None)
    width = min(found.width, _WIDTH)
    height = round(found.height * width / found.width)
    image = Markup('<p><img src="{}" width="{}" height="{}" alt="{}"></p>')
    return f"{body}\n{image.format(picture.src(_WIDTH), width, height, found.alt)}".strip()


def errors_of(form: Form) -> dict[str, str]:
    """Return the sentences about the picture alone."""
    return {name: sentence for name, sentence in form.errors.items() if name.startswith(f"{FIRST}-")}


def find_in_text(body: str) -> list[tuple[str, Picture | None]]:
    """Return the pictures of a text that were sent for pages, by their digests, in its order."""
    digests = dict.fromkeys(_DIGEST.findall(body))
    rows = db.session.execute(select(PagePicture).where(PagePicture.digest.in_(digests))).scalars()
    stored = {row.digest: row for row in rows}
    return [
        (digest, Picture.with_renditions(stored[digest], "", None)) for digest in digests if digest in stored
    ]
