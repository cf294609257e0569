"""Days and times as people write them: in the shop's time zone, in the format of its locale.

A page names the zone. A script (`static/js/elements/local-time.js`) shows shoppers the time of their own clock
instead. Files and the API keep ISO 8601 in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from babel import dates
from flask import Flask
from markupsafe import Markup

from storefront import i18n

MIN_YEAR, MAX_YEAR = 2000, 9000  # of a typed moment


def init_app(app: Flask) -> None:
    """Give templates the filters `day` and `minute` (elements), and `minute_text`."""
    app.add_template_filter(lambda moment: i18n.isolate(format_day(moment)), "day")
    app.add_template_filter(format_minute, "minute_text")
    app.add_template_filter(time_element, "minute")


def now() -> datetime:
    """Return the present moment, in UTC: the clock of what is due at a moment."""
    return datetime.now(UTC)


def format_day(moment: datetime) -> str:
    """Return the day on which a moment is in the shop: "Nov 29, 2026"."""
    return _format_date(moment.astimezone(i18n.shop_zone()), i18n.shop_locale())


def format_minute(moment: datetime) -> str:
    """Return a moment to the minute, with the shop's time zone: "Nov 29, 2026, 2:03 AM CET"."""
    locale, here = i18n.shop_locale(), moment.astimezone(i18n.shop_zone())
    day = _format_date(here, locale)
    time = dates.format_time(here.timetz(), "short", tzinfo=here.tzinfo, locale=locale)
    time = time.replace("\u202f", "\u00a0")  # many fonts have no narrow space, and show "2:03AM"
    zone = dates.get_timezone_name(here, "short", locale=locale)
    if zone[0] in "+-":  # the locale has no short name of this zone
        zone = dates.get_timezone_gmt(here, "long", locale=locale)
    pattern = str(dates.get_datetime_format("medium", locale=locale)).replace("'", "")
    return pattern.format(f"{time} {zone}", day)


def _format_date(here: datetime, locale: str) -> str:
    # Japanese shops write 2026年11月29日, in tables 2026/11/29, the medium format. local-time.js does the same.
    length: Literal["long", "medium"] = "long" if locale.startswith("ja") else "medium"
    return str(dates.format_date(here.date(), length, locale=locale))


def minute_value(moment: datetime) -> str:
    """Return a moment as a field of the type datetime-local has it, in the shop's time zone: "2026-11-29T02:03"."""
    return moment.astimezone(i18n.shop_zone()).strftime("%Y-%m-%dT%H:%M")


def parse_minute(text: str) -> datetime:
    """Return the moment of such a field, in UTC; of an hour that a clock strikes twice the first.

    Raises:
        ValueError: it is no time, or one that the shop's clock skips.
    """
    zone, naive = i18n.shop_zone(), datetime.fromisoformat(text)
    if naive.tzinfo is not None or not MIN_YEAR <= naive.year <= MAX_YEAR:
        raise ValueError(text)
    moment = moment_at(naive)
    if moment.astimezone(zone).replace(tzinfo=None) != naive:
        raise ValueError(text)
    return moment


def moment_at(naive: datetime) -> datetime:
    """Return the moment, in UTC, at which the shop's clock shows this time; if it skips it, an hour later."""
    return naive.replace(tzinfo=i18n.shop_zone()).astimezone(UTC)


def zone_name() -> str:
    """Return the name of the shop's time zone, such as "Europe/Berlin"."""
    return str(i18n.shop_zone())


def time_element(moment: datetime) -> Markup:
    """Return a moment for a page. Scripts show it in the reader's time zone, but in the back office in the shop's."""
    exact = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    element = Markup('<local-time><time datetime="{}" dir="auto">{}</time></local-time>')
    return element.format(exact, format_minute(moment))
