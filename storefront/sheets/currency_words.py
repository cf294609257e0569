"""The names, codes and signs of currencies that stand beside prices in files."""

from __future__ import annotations

import unicodedata

from babel.numbers import list_currencies

# As people write them, in small letters without points; the code, or empty if several currencies share the word.
_WORDS = {
    "kr": "", "kr-": "", "rs": "", "fr": "", "sfr": "CHF", "fs": "CHF", "zł": "PLN", "zl": "PLN", "kč": "CZK",
    "kc": "CZK", "ft": "HUF", "lei": "", "leu": "", "ron": "RON", "лв": "BGN", "руб": "RUB", "р": "RUB", "грн": "UAH",
    "ден": "MKD", "дин": "RSD", "din": "RSD", "km": "BAM", "tl": "TRY", "rm": "MYR", "rp": "IDR", "php": "PHP",
    "euro": "EUR", "euros": "EUR", "dollar": "", "dollars": "", "pound": "GBP", "pounds": "GBP", "r": "ZAR",
    "ksh": "KES", "kshs": "KES", "円": "JPY", "元": "CNY", "원": "KRW", "đ": "VND", "vnd": "VND", "s/": "PEN",
    "bs": "", "q": "GTQ", "₣": "CHF", "د.إ": "AED", "دإ": "AED", "رس": "SAR", "جم": "EGP", "nok": "NOK",
}  # fmt: skip
_SIGNS = {
    "€": "EUR",
    "£": "",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "₩": "KRW",
    "₪": "ILS",
    "₫": "VND",
}


def find_currency(text: str) -> str | None:
    """Return the ISO 4217 code of what stands beside a price; empty if several currencies have it, None if none has.

    Args:
        text: without spaces, such as "Rs.", "kr.", "US$", "€" or "CHF".
    """
    word = text.strip(".,:").casefold()
    if word in _WORDS or word.replace(".", "") in _WORDS:
        return _WORDS.get(word, _WORDS.get(word.replace(".", ""), ""))
    if word.upper() in list_currencies():
        return word.upper()
    signs = [sign for sign in word if unicodedata.category(sign) == "Sc"]
    if not signs:
        return None
    letters = word.replace(signs[0], "", 1)
    if not letters:
        return _SIGNS.get(signs[0], "")
    if letters.upper() in list_currencies():  # "$USD"
        return letters.upper()
    return "" if letters.isalpha() and len(letters) <= 3 else None  # "US$", "R$", "NT$"
