"""Short descriptions of browsers, from their User-Agent header."""

from __future__ import annotations

from storefront.i18n import gettext as _

# The first match counts: most browsers also name others, so the order matters.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
    "python": "a Python program",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def describe(user_agent: str) -> str:
    """Return a description such as "Firefox on Linux", which is stored. No part of the header itself is repeated."""
    text = user_agent[:500]
    browser = next((name for mark, name in _BROWSERS.items() if mark in text), "A browser")
    system = next((name for mark, name in _SYSTEMS.items() if mark in text), None)
    return f"{browser} on {system}" if system else browser


def translate(description: str) -> str:
    """Return a stored description in the language of the page."""
    browser, _on, system = description.partition(" on ")
    words = {"A browser": _("A browser"), "a Python program": _("a Python program")}
    browser = words.get(browser, browser)
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser
