"""Values that run in another direction are isolated in sentences that Python composes (UAX #9)."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.i18n import gettext, ngettext
from storefront.mail.messages import MailText, build_message
from tests.accounts.people import Browser, make_user
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product

CUP = "כוס (2)"
ISOLATED = f"\u2068{CUP}\u2069"


def test_a_name_in_another_direction_is_isolated(app: Flask) -> None:
    assert gettext("Removed %(name)s.", name=CUP) == f"Removed {ISOLATED}."
    assert ngettext("%(num)d of %(name)s", "%(num)d of %(name)s", 2, name=CUP) == f"2 of {ISOLATED}"
    assert gettext("Removed %(name)s.", name="Théière, 茶") == "Removed Théière, 茶."
    assert app.test_cli_runner().invoke(args=["settings", "set", "locale", "he_IL"]).exit_code == 0
    assert gettext("Removed %(name)s.", name="Cup") == "Removed \u2068Cup\u2069."


@pytest.mark.any_database
def test_a_form_isolates_a_name_in_its_sentence(app: Flask) -> None:
    make_product(CUP, variants=[{"sku": "C"}])
    number = place(make_draft({"C": 1})).order.number
    make_user("boss@shop.example", staff=True)
    staff = Browser(app)
    staff.sign_in("boss@shop.example")
    staff.post(f"/admin/orders/{number}/events", kind="paid", amount="24.89")
    page = staff.get(f"/admin/orders/{number}").text
    line = page.partition('name="returned-')[2].partition('"')[0]
    form = {"kind": "refunded", "amount": "1", f"returned-{line}": "x"}
    answer = staff.post(f"/admin/orders/{number}/events", **form).text
    assert f"Enter how many of {ISOLATED} came back" in answer


def test_the_subject_of_a_mail_has_no_isolates(app: Flask) -> None:
    mail = build_message("a@shop.example", MailText(gettext("About %(name)s", name=CUP), (), ""), "key")
    assert mail["Subject"] == f"About {CUP}"
