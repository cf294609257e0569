"""The two-letter codes of countries (ISO 3166-1) to which mail can be sent."""

from __future__ import annotations

from functools import cache

from babel import Locale

# Two-letter codes in the CLDR that are not countries to which mail can be sent.
_NO_COUNTRY = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())


@cache
def country_codes() -> frozenset[str]:
    """Return the codes of all countries."""
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY)
