"""The shop's own pictures: the logo of header, letters and office, and the icon of tabs and home screens.

A setting names each picture by digest and size, as the upload at /admin/settings/look has stored it.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app

from storefront import shop_settings
from storefront.catalog import picture_renditions, pictures
from storefront.catalog.page_data import Picture
from storefront.catalog.picture_renditions import RefusedError
from storefront.catalog.pictures import PictureError, StoredPicture
from storefront.web import static_files
from storefront.web.prefix import add_prefix

NAMES = ("logo", "icon")
LETTER_WIDTH = 320  # pixels of the logo in letters, as PNG: some mail programs show nothing newer
# Width in pixels, and format, of what browsers and phones ask for by themselves.
ICON, TOUCH_ICON = (48, "ico"), (180, "png")


def init_app(app: Flask) -> None:
    """Let pages, letters and browsers have the pictures."""
    app.add_template_global(find_logo, "shop_logo")
    app.add_template_global(find_icon_url, "shop_icon")
    app.add_template_global(find_letter_logo, "letter_logo")
    static_files.own_icon.register(app, _find_icon_file)


def find_logo() -> Picture | None:
    """Return the logo, with the shop's name as its text; None without one."""
    settings = shop_settings.current()
    return _picture(settings.logo, settings.name)


def find_icon_url() -> str:
    """Return the URL of the icon, as PNG; empty without one."""
    icon = _picture(shop_settings.current().icon, "")
    return _url(icon, *TOUCH_ICON) if icon else ""


def find_letter_logo() -> tuple[str, int, int] | None:
    """Return the path of the logo in letters, with its width and height on the screen; None without one."""
    logo = find_logo()
    if logo is None:
        return None
    width = min(logo.width, LETTER_WIDTH)
    shown = min(width, 160)
    return _url(logo, width, "png"), shown, max(1, round(logo.height * shown / logo.width))


def prepare(name: str, stored: StoredPicture) -> str:
    """Draw the files that browsers and letters need of a stored picture; return the setting that names it.

    Raises:
        OSError: they cannot be written.
        PictureError: the picture cannot be used.
    """
    folder = _media()
    if name == "icon":
        for width, kind in (ICON, TOUCH_ICON):
            _draw(stored.digest, folder, width, kind)
    else:
        _draw(stored.digest, folder, min(stored.width, LETTER_WIDTH), "png", square=False)
    return f"{stored.digest} {stored.width}x{stored.height}"


def _picture(setting: str, alt: str) -> Picture | None:
    digest, _, size = setting.partition(" ")
    if not digest:
        return None
    width, height = map(int, size.split("x"))
    return Picture(digest, width, height, alt)


def _url(picture: Picture, width: int, kind: str) -> str:
    return add_prefix(f"/media/{picture.digest}-{width}.{kind}")


def _find_icon_file(path: str) -> bytes | None:
    """Return the file that answers the path of an icon; None if the shop has none of its own."""
    icon = _picture(shop_settings.current().icon, "")
    if icon is None:
        return None
    width, kind = ICON if path.endswith(".ico") else TOUCH_ICON
    try:
        return pictures.read_file(pictures.rendition_path(icon.digest, width, _media(), kind))
    except (OSError, PictureError):
        return None


def _draw(digest: str, folder: Path, width: int, kind: str, *, square: bool = True) -> None:
    """Write a stored picture as PNG or ICO, for what reads no newer format; it is drawn of the widest rendition."""
    data = pictures.rendition_path(digest, pictures.find_widest(digest, folder), folder).read_bytes()
    try:
        with picture_renditions.open_picture(data) as source:
            file = picture_renditions.draw_icon(source, width, kind, square=square)
    except RefusedError as error:
        raise PictureError(str(error)) from error
    pictures.write_file(pictures.rendition_path(digest, width, folder, kind), file)


def _media() -> Path:
    return Path(current_app.config["MEDIA_DIR"])
