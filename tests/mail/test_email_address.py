"""E-mail addresses: which are valid, and their folded form."""

from __future__ import annotations

import pytest

from storefront.mail import email_address


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Kim@Example.COM", "kim@example.com"),
        ("kim+tea@example.com", "kim+tea@example.com"),
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        ("kim@stra\u00dfe.example", "kim@xn--strae-oqa.example"),
        ("kim@STRASSE.example", "kim@strasse.example"),
        ("kim@xn--i-7iq.example", "kim@xn--i-7iq.example"),
        ("ｋｉｍ＠ｅｘａｍｐｌｅ．ｃｏｍ", "kim@example.com"),
        ("\ufeffkim@example.com\u202c", "kim@example.com"),  # marks that come with copied text
        ("\u202ekim@example.com\u202c", None),
        ("kim@192.0.2.1", None),
        ("kim@i\u2764.example", None),
        ("stra\u00dfe@example.com", None),
        ("k\u0131m@example.com", None),
        ("\u212aim@example.com", None),
        ("kim@example", None),
        ("kim@@example.com", None),
        ("kim@example.com\nBcc: all@example.com", None),
        ("kim @example.com", None),
        ("kim@.com", None),
        ("kim@-x.com", None),
        (f"{'k' * 65}@example.com", None),
        (f"kim@{'x.' * 130}com", None),
        ("", None),
    ],
)
def test_folding_never_merges_two_mailboxes(typed: str, folded: str | None) -> None:
    assert email_address.normalize_email(typed) == folded


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("kim@example.com", "kim@example.com"),
        ("kim@xn--strae-oqa.example", "kim@stra\u00dfe.example (kim@xn--strae-oqa.example)"),
        ("kim@xn--i-7iq.example", "kim@xn--i-7iq.example"),
    ],
)
def test_international_domain_is_shown_as_it_is_read(email: str, shown: str) -> None:
    assert email_address.display_email(email) == shown
