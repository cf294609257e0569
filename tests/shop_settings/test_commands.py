"""`flask settings` checks what it stores, and says how to correct it."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from storefront import shop_settings
from storefront.actors import login_name
from storefront.extensions import db
from storefront.history import RecordedChange

pytestmark = pytest.mark.any_database


def run(app: Flask, *words: str) -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(args=["settings", *words])


def test_a_value_is_set_shown_and_reset(app: Flask) -> None:
    assert run(app, "set", "invoice_days", "30").output == "30\n"
    assert run(app, "get", "invoice_days").output == "30\n"
    assert shop_settings.current().invoice_days == 30
    assert "invoice_days = 30  (stored; default: 14)" in run(app, "list").output
    assert run(app, "reset", "invoice_days").output == "14\n"
    assert run(app, "reset", "invoice_days").output == "14\n"
    assert shop_settings.current().invoice_days == 14


def test_letters_go_to_a_domain_of_any_script(app: Flask) -> None:
    assert run(app, "set", "order_email", "Post@Straße.example").output == "Post@xn--strae-oqa.example\n"
    assert shop_settings.current().order_email == "Post@xn--strae-oqa.example"


def test_the_list_says_what_each_setting_is(app: Flask) -> None:
    listed = run(app, "list").output
    assert "order_email = none  (default)\n    The e-mail address that gets a letter" in listed
    assert listed.count(" = ") == len(shop_settings.ShopSettings.names())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("set", "nme", "x"), "'nme' is not a setting of the shop. Did you mean name?"),
        (("get", "STOREFRONT_LOCAL"), "Did you mean locale?"),
        (("reset", "zzz"), "'zzz' is not a setting of the shop. flask settings list shows them all."),
        (("set", "name", " "), "name is empty. To go back to the default, run: flask settings reset name"),
        (("set", "name", "Tea\nHouse"), "use one line of up to 200 characters"),
        (("set", "name", "\u200b\u202e"), "has no letter that can be seen"),
        (("set", "locale", "klingon"), "use a locale such as en_US"),
        (("set", "locale", "root"), "use a locale such as en_US"),
        (("set", "timezone", "Europe/Berln"), "Did you mean Europe/Berlin?"),
        (("set", "timezone", "../../etc/passwd"), "use the name of a time zone"),
        (("set", "stock_display", "all"), "it must be one of low, band, exact"),
        (("set", "order_email", "orders"), "give the bare address"),
        (("set", "order_email", "Kim <kim@shop.example>"), "give the bare address"),
        (("set", "order_email", "kim@shop..example"), "give the bare address"),
        (("set", "order_email", ".@."), "give the bare address"),
        (("set", "country", "UK"), "write GB."),
        (("set", "country", "California"), "is not the code of a country (ISO 3166-1)"),
        (("set", "contact_phone", "call me"), "write it with its country"),
        (("set", "company", "x" * 301), "the most is 300"),
        (
            ("set", "announcement_link", "javascript:alert(1)"),
            "Enter an address of this shop, which begins with /",
        ),
        (
            ("set", "announcement_link", "//evil.example"),
            "Enter an address of this shop, which begins with /",
        ),
        (("set", "announcement_link", "sale"), "Enter an address of this shop, which begins with /"),
        (("set", "announcement_end", "tomorrow"), "as 2026-12-24T18:00"),
        (("set", "announcement_end", "2026-12-24T18:00Z"), "as 2026-12-24T18:00"),
        (("set", "invoice_days", "-1"), "it must be a whole number from 0 to 365"),
    ],
)
def test_a_wrong_value_changes_nothing(app: Flask, words: tuple[str, ...], sentence: str) -> None:
    before = shop_settings.current()
    answer = run(app, *words)
    assert answer.exit_code == 1
    assert sentence in answer.output
    assert answer.output.startswith("Error: ")
    assert shop_settings.current() == before


def test_a_change_is_in_the_history_with_both_values(app: Flask) -> None:
    run(app, "set", "invoice_days", "30")
    run(app, "set", "invoice_days", "30")
    run(app, "reset", "invoice_days")
    run(app, "set", "order_email", "kim@shop.example")
    db.session.rollback()
    found = db.session.scalars(db.select(RecordedChange).order_by(RecordedChange.id)).all()
    assert [(each.name, each.fields["value"]) for each in found] == [
        ("invoice_days", ["14", "30"]),
        ("invoice_days", ["30", "14"]),
        ("order_email", ["", "not recorded"]),
    ]
    assert all(each.actor == f"command:{login_name()}" for each in found)
