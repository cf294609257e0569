"""The names, codes and signs of currencies that stand beside prices in files."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from babel.numbers import list_currencies

# As people write them, in small letters without points: the codes that they may mean.
_WORDS = {
    "kr": "SEK NOK DKK ISK", "kr-": "SEK NOK DKK ISK", "rs": "INR PKR LKR MUR NPR SCR", "sfr": "CHF", "fs": "CHF",
    "fr": "CHF XAF XOF XPF KMF DJF GNF BIF RWF CDF", "zł": "PLN", "zl": "PLN", "kč": "CZK", "kc": "CZK", "ft": "HUF",
    "lei": "RON MDL", "leu": "RON MDL", "лв": "BGN", "руб": "RUB BYN", "р": "RUB BYN", "грн": "UAH", "ден": "MKD",
    "дин": "RSD", "din": "RSD", "km": "BAM", "tl": "TRY", "rm": "MYR", "rp": "IDR", "euro": "EUR", "euros": "EUR",
    "pound": "GBP", "pounds": "GBP", "r": "ZAR", "ksh": "KES", "kshs": "KES", "円": "JPY", "yen": "JPY", "元": "CNY",
    "원": "KRW", "đ": "VND", "s/": "PEN", "bs": "BOB VES", "q": "GTQ", "₣": "CHF", "د.إ": "AED", "دإ": "AED",
    "رس": "SAR", "جم": "EGP",
}  # fmt: skip
_DOLLARS = (
    "USD CAD AUD NZD SGD HKD TWD MOP BND FJD SBD TOP WST NAD LRD ZWL BBD BMD BSD BZD GYD JMD KYD SRD TTD XCD"
)
_OF_DOLLARS = {  # before the sign
    "us": "USD", "u": "USD", "ca": "CAD", "can": "CAD", "a": "AUD", "au": "AUD", "nz": "NZD", "s": "SGD", "hk": "HKD",
    "nt": "TWD", "r": "BRL", "mx": "MXN", "c": "CAD NIO", "j": "JMD", "ec": "XCD", "fj": "FJD", "tt": "TTD",
}  # fmt: skip
_PESOS = "MXN ARS CLP COP UYU DOP CUP BRL NIO"
_SIGNS = {
    "$": f"{_DOLLARS} {_PESOS}",
    "€": "EUR",
    "£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP",
    "¥": "JPY CNY",
    "฿": "THB",
    "₦": "NGN",
    "₩": "KRW KPW",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "₴": "UAH",
    "₸": "KZT",
    "₹": "INR",
    "₺": "TRY",
    "₽": "RUB",
    "₾": "GEL",
}


def find_currencies(text: str) -> Collection[str] | None:
    """Return the ISO 4217 codes of the currencies that may stand beside a price; None if it is not a currency.

    Args:
        text: without spaces, such as "Rs.", "kr.", "US$", "€" or "CHF".
    """
    word = text.strip(".,:").casefold()
    for known in (word, word.replace(".", "")):
        if known in _WORDS:
            return _WORDS[known].split()
    if word in ("dollar", "dollars"):
        return _DOLLARS.split()
    if word.upper() in list_currencies():
        return [word.upper()]
    signs = [sign for sign in word if unicodedata.category(sign) == "Sc"]
    if not signs:
        return None
    letters = word.replace(signs[0], "", 1)
    if letters.upper() in list_currencies():  # "$USD"
        return [letters.upper()]
    if letters and not (letters.isalpha() and len(letters) <= 3):  # "US$", "R$", "NT$"
        return None
    if signs[0] == "$" and letters in _OF_DOLLARS:
        return _OF_DOLLARS[letters].split()
    return _SIGNS[signs[0]].split() if signs[0] in _SIGNS else list_currencies()
