"""`flask customers export` and `import`: no passwords, consent with its date, letters only on request."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from storefront.accounts import credentials
from storefront.accounts.customer_files import invitations
from storefront.accounts.models import Address, User
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, make_user, stored_mails
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product

pytestmark = pytest.mark.any_database

HEADER = (
    "First Name,Last Name,Email,Accepts Email Marketing,Email Marketing Consent At,Default Address Company,"
    "Default Address Address1,Default Address City,Default Address Zip,Default Address Country Code,Tags"
)
ADA = "Ada,Byron,Ada@Shop.example,yes,2024-05-06 07:08:09 +0200,,1 Kiln Row,Springfield,62701,US,vip"
BOB = "Bob,,bob@shop.example,no,,,,,,,"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "customers.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def run(app: Flask, *arguments: Any) -> Result:
    result = app.test_cli_runner().invoke(args=["customers", *map(str, arguments)])
    db.session.remove()
    return result


def find(email: str) -> User:
    user = credentials.find_by_email(email)
    assert user is not None
    return user


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters without the second between them."""
    monkeypatch.setattr(invitations, "SECONDS_BETWEEN", 0.0)


def test_imported_customers_have_no_password(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", write(tmp_path, ADA, BOB))
    assert (result.exit_code, "2 created, 0 there already, 0 refused" in result.output) == (0, True)
    ada = find("ada@shop.example")
    assert (ada.name, ada.is_staff, ada.invited_at) == ("Ada Byron", False, None)
    address = db.session.scalars(select(Address).where(Address.user_id == ada.id)).one()
    assert (address.name, address.line1, address.country) == ("Ada Byron", "1 Kiln Row", "US")
    browser = Browser(app)
    browser.sign_in("ada@shop.example", "!")
    assert not browser.is_signed_in()


def test_consent_comes_with_its_date_and_can_be_withdrawn(app: Flask, tmp_path: Path) -> None:
    undated = "Eve,,eve@shop.example,yes,,,,,,,"
    run(app, "import", write(tmp_path, ADA, BOB, undated))
    ada, bob, eve = (find(f"{name}@shop.example") for name in ("ada", "bob", "eve"))
    assert ada.marketing_consent_at is not None
    assert ada.marketing_consent_at.isoformat() == "2024-05-06T05:08:09+00:00"
    assert "customers.csv" in ada.marketing_consent_source
    assert bob.marketing_consent_at is None
    assert eve.marketing_consent_source.endswith("the file has no date")


def test_a_person_withdraws_an_imported_consent(app: Flask) -> None:
    user_id = make_user()
    with write_transaction() as session:
        session.get_one(User, user_id).marketing_consent_at = datetime(2024, 5, 6, tzinfo=UTC)
    browser = Browser(app)
    browser.sign_in()
    assert "You subscribed to our newsletter" in browser.get("/account").text
    assert browser.post("/account/marketing/withdrawal").status_code == 303
    assert "You subscribed to our newsletter" not in browser.get("/account").text


def test_an_existing_account_stays_as_it_is(app: Flask, tmp_path: Path) -> None:
    make_user("ada@shop.example", staff=True)
    before = find("ada@shop.example").password_hash
    result = run(app, "import", write(tmp_path, ADA))
    assert "0 created, 1 there already" in result.output
    ada = find("ada@shop.example")
    assert (ada.password_hash, ada.is_staff, ada.name, ada.imported_at) == (before, True, "Kim", None)


def test_older_headers_are_read_and_others_named(app: Flask, tmp_path: Path) -> None:
    header = "First Name,Last Name,Email,Company,Address1,City,Country Code,Zip,Accepts Marketing,Note"
    result = run(
        app,
        "import",
        write(tmp_path, "Ada,Byron,ada@shop.example,,1 Kiln Row,Ulm,DE,89073,no,x", header=header),
    )
    assert "note: not imported: the columns note" in result.output
    assert db.session.scalars(select(Address.city)).all() == ["Ulm"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,,a@,no,,,,,,,", "Email: is not an e-mail address"),
        ("A,,,no,,,,,,,", "Email: is empty"),
        ("A,,a@shop.example,perhaps,,,,,,,", "Accepts Email Marketing: write yes or no"),
        ("A,,a@shop.example,yes,soon,,,,,,", "Email Marketing Consent At: is not a time"),
        ("A,,a@shop.example,yes,2999-01-01,,,,,,", "is in the future"),
        ("A,,bob@shop.example,no,,,,,,,\nA,,BOB@shop.example,no,,,,,,,", "stands in this file already"),
    ],
)
def test_a_bad_row_is_named_without_its_content(app: Flask, tmp_path: Path, row: str, reason: str) -> None:
    result = run(app, "import", write(tmp_path, row, ADA))
    assert (result.exit_code, reason in result.output) == (1, True)
    assert "shop.example" not in result.output, "reports are copied into tickets"
    assert find("ada@shop.example").name == "Ada Byron"


@pytest.mark.usefixtures("no_pause")
def test_an_orders_export_makes_no_customers(app: Flask, tmp_path: Path) -> None:
    found = run(app, "import", write(tmp_path, "#1,a@x.test,Cup", header="Name,Email,Lineitem name"))
    assert found.exit_code == 1
    assert "is an orders export, not a customers export" in found.output
    assert "flask orders import FILE" in found.output
    assert db.session.query(User).count() == 0


def test_nobody_gets_a_letter_unless_asked_nor_two(app: Flask, tmp_path: Path) -> None:
    make_user("kim@shop.example")
    path = write(tmp_path, ADA, BOB, "Kim,,kim@shop.example,yes,,,,,,,")
    run(app, "import", path)
    assert stored_mails(app) == []
    assert "Letters: 2 enqueued" in run(app, "import", path, "--invite").output
    assert "Letters: 0 enqueued" in run(app, "import", path, "--invite").output
    assert sorted(mail["To"] for mail in stored_mails(app)) == ["ada@shop.example", "bob@shop.example"]


def test_letters_that_were_stopped_go_on(app: Flask, tmp_path: Path) -> None:
    run(app, "import", write(tmp_path, ADA, BOB))
    pauses: list[float] = []

    def stop(seconds: float) -> None:
        pauses.append(seconds)
        raise KeyboardInterrupt

    emails = ["ada@shop.example", "bob@shop.example"]
    with pytest.raises(KeyboardInterrupt):
        invitations.invite(emails, wait=stop)
    assert invitations.invite(emails, wait=pauses.append) == 1
    assert pauses == [1.0, 1.0], "one a second"
    assert len(stored_mails(app)) == 2


def test_a_dry_run_of_customers_writes_nothing(app: Flask, tmp_path: Path) -> None:
    result = run(app, "import", write(tmp_path, ADA), "--dry-run", "--invite")
    assert "1 would be created" in result.output
    assert (db.session.scalar(select(func.count(User.id))), stored_mails(app)) == (0, [])


def test_the_export_has_accounts_and_guests(app: Flask, tmp_path: Path) -> None:
    run(app, "import", write(tmp_path, ADA))
    make_user("boss@shop.example", staff=True)
    make_product("Teapot", variants=[{"sku": "TP", "price": 2000, "on_hand": 10}])
    place(make_draft({"TP": 1}, email="guest@shop.example"))
    path = tmp_path / "out.csv"
    result = run(app, "export", path)
    assert (result.exit_code, "Exported 2 customers" in result.output) == (0, True)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shown = [(row["First Name"], row["Last Name"], row["Email"], row["Total Orders"]) for row in rows]
    assert shown == [("Ada", "Byron", "ada@shop.example", "0"), ("Ada", "Byron", "guest@shop.example", "1")]
    assert rows[0]["Email Marketing Consent At"] == "2024-05-06T05:08:09+00:00"
    assert "1 there already" in run(app, "import", path).output
