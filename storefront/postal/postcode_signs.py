"""What people and printed labels write before a postal code: signs of countries, and words for "postal code"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from babel.core import get_global

# Distinguishing signs of vehicles (Convention on Road Traffic, 1968), which many people write before a postal code,
# where they differ from the ISO 3166-1 codes of two and three letters. The CEN and the posts advise against them, and
# they are everywhere.
_VEHICLE_SIGNS = {
    "AT": "A",
    "BE": "B",
    "DE": "D",
    "ES": "E",
    "FI": "FIN",
    "FR": "F",
    "GB": "UK",
    "HU": "H",
    "IT": "I",
    "JP": "〒",
    "LI": "FL",
    "LU": "L",
    "MK": "NMK",
    "NO": "N",
    "NL": "N",
    "PT": "P",
    "SE": "S",
    "SI": "SLO",
    "SM": "RSM",
    "VA": "V",
    "XK": "RKS",
}
# Words for "postal code", names and signs of old.
_WORDS = {
    "AR": ("CP", "CPA"),
    "AT": ("PLZ",),
    "BE": ("CP",),
    "BR": ("CEP",),
    "BY": ("ИНДЕКС",),
    "CH": ("PLZ", "NPA", "CAP"),
    "CL": ("CP",),
    "CN": ("邮编", "邮政编码", "郵編", "郵政編碼"),
    "CO": ("CP",),
    "CU": ("CP",),
    "CZ": ("PSČ", "PSC", "CS"),
    "DE": ("PLZ",),
    "DK": ("K",),
    "ES": ("CP",),
    "FI": ("SF",),
    "FR": ("CP",),
    "GB": ("POSTCODE",),
    # The code of Greece in VAT numbers; the same word in Latin and in Greek letters.
    "GR": ("EL", "TK", "ΤΚ"),
    "HU": ("IRSZ",),
    "IE": ("EIRCODE",),
    "IN": ("PIN", "PINCODE"),
    "IR": ("کدپستی",),
    "IT": ("CAP",),
    "JP": ("郵便番号",),
    "KR": ("우편번호", "우"),
    "KZ": ("ИНДЕКС",),
    "LI": ("PLZ",),
    "MX": ("CP",),
    "NL": ("POSTCODE",),
    "OM": ("PC",),
    "PT": ("CP",),
    "RU": ("ИНДЕКС",),
    "SG": ("S", "SINGAPORE"),
    "SK": ("PSČ", "PSC", "CS"),
    "SV": ("CP",),
    "TW": ("郵遞區號",),
    "UA": ("ІНДЕКС", "ИНДЕКС"),
    "US": ("ZIP", "ZIPCODE"),
    "VA": ("SCV",),
}
# Countries whose codes belong to the numbers of another country, under whose sign many people write them.
_POST_OF = {
    **dict.fromkeys(("BL", "GF", "GP", "MC", "MF", "MQ", "NC", "PF", "PM", "RE", "WF", "YT"), "FR"),
    **dict.fromkeys(("AS", "FM", "GU", "MH", "MP", "PR", "PW", "UM", "VI"), "US"),
    **dict.fromkeys(("GG", "GI", "IM", "JE"), "GB"),
    **dict.fromkeys(("CC", "CX", "NF"), "AU"),
    **dict.fromkeys(("FO", "GL"), "DK"),  # codespell:ignore fo
    **dict.fromkeys(("SM", "VA"), "IT"),
    "AX": "FI",
    "LI": "CH",
    "SJ": "NO",
}


@cache
def signs_of(country: str) -> Sequence[str]:
    """Return what may stand before a postal code of a country and means nothing, in capitals."""
    own = (country, *_long_codes().get(country, ()), *_WORDS.get(country, ()))
    signs = (*own, _VEHICLE_SIGNS[country]) if country in _VEHICLE_SIGNS else own
    return (*signs, *signs_of(_POST_OF[country])) if country in _POST_OF else signs


@cache
def _long_codes() -> Mapping[str, Sequence[str]]:
    """Return the ISO 3166-1 codes of three letters by those of two."""
    codes: dict[str, list[str]] = {}
    for alias, countries in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(countries) == 1:
            codes.setdefault(str(countries[0]), []).append(str(alias))
    return codes
