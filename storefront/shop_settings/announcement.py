"""The merchant's announcement: a bar above every page, which disappears by itself at its end."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from storefront import cache, moments
from storefront.shop_settings.current_settings import current, translate
from storefront.shop_settings.translated_texts import ANNOUNCEMENT, NOTICE
from storefront.web.prefix import add_prefix


class Announcement(NamedTuple):
    """What the bar says, and where it leads; an empty link: nowhere."""

    text: str
    link: str


def find_announcement() -> Announcement | None:
    """Return the announcement as it is now; None without one. A page that prints it holds until its end."""
    settings = current()
    if not settings.announcement or not _holds_until(settings.announcement_end):
        return None
    link, text = settings.announcement_link, translate(NOTICE, ANNOUNCEMENT, settings.announcement)
    return Announcement(text, add_prefix(link) if link.startswith("/") else link)


def _holds_until(end: str) -> bool:
    """Return whether a typed moment is still to come, and bound what is built by it; an empty one never comes."""
    if not end:
        return True
    moment = moment_of(end)
    if moment <= moments.now():
        return False
    cache.valid_until(moment)
    return True


def moment_of(minute: str) -> datetime:
    """Return a typed minute of the shop's clock; one that the clock skips is an hour later."""
    return moments.moment_at(datetime.fromisoformat(minute))
