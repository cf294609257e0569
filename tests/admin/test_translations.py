"""/admin/translations: texts beside their translations, two people at once, files all or nothing."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction
from storefront.history.models import RecordedChange
from storefront.shop_settings import stored_settings
from storefront.text_translations.models import TextTranslation
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database


@pytest.fixture
def staff(app: Flask) -> Browser:
    """A member of the staff of a shop with a mug, in English, German and Japanese."""
    variants = [{"sku": "M1", "option1": "Blue"}, {"sku": "M2", "option1": "Red & white"}]
    make_product("Mug", category=make_category("Cups"), option_names=["Colour"], variants=variants)
    stored_settings.set_value("languages", "de_DE, ja_JP")
    return staff_browser(app, "catalogue")


def path_of(kind: str = "product") -> str:
    """The address of the translations of the mug."""
    db.session.rollback()
    return f"/admin/translations/{kind}/{db.session.execute(select(Product.id)).scalar_one()}"


def form_of(browser: Browser, path: str) -> dict[str, str]:
    """Return what a browser sends if the form is sent as it stands."""
    page = browser.get(path).text
    found = re.findall(r'<input[^>]*? name="([\w-]+)"[^>]*? value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def test_a_translation_is_saved_beside_its_source(app: Flask, staff: Browser) -> None:
    assert f'href="{path_of()}"' in staff.get(path_of().replace("translations/product", "products")).text
    sent = form_of(staff, path_of())
    assert (sent["language"], sent["name-0"], sent["text-0"]) == ("de", "title", "")
    answer = staff.post(path_of(), **sent | {"text-0": "Becher"})
    assert answer.location == f"{path_of()}?language=de&said=saved"
    assert "Becher" in Browser(app).get("/de/products/mug").text
    row = db.session.execute(select(TextTranslation)).scalar_one()
    assert (row.locale, row.changed_by.partition(":")[0]) == ("de_DE", "staff")
    staff.post(path_of(), **form_of(staff, path_of()) | {"text-0": "Tasse"})
    db.session.rollback()
    changes = db.session.execute(select(RecordedChange)).scalars().all()
    assert [each.fields for each in changes if "text_translation" in str(vars(each)) and each.fields] == [
        {"text": ["Becher", "Tasse"]}
    ]
    assert staff.post(path_of()).status_code == 303, "an absent field stays as it is"
    assert "Tasse" in Browser(app).get("/de/products/mug").text
    staff.post(path_of(), **form_of(staff, path_of()) | {"text-0": ""})
    assert "Tasse" not in Browser(app).get("/de/products/mug").text, "an emptied field removes it"


def test_two_people_at_once_see_both_texts(staff: Browser) -> None:
    sent = form_of(staff, path_of())
    staff.post(path_of(), **sent | {"text-0": "Becher"})
    answer = staff.post(path_of(), **sent | {"text-0": "Tasse"})
    assert (answer.status_code, "Becher" in answer.text, 'value="Tasse"' in answer.text) == (409, True, True)
    again = {
        name: unescape(value)
        for name, value in re.findall(r'name="(seen-0|name-0)" value="([^"]*)"', answer.text)
    }
    assert staff.post(path_of(), **{"language": "de", "text-0": "Tasse"} | again).status_code == 303


def test_an_outdated_translation_can_be_confirmed(staff: Browser) -> None:
    staff.post(path_of(), **form_of(staff, path_of()) | {"text-0": "Becher"})
    assert "has changed since" not in staff.get(path_of()).text
    with write_transaction() as session:
        session.execute(select(Product)).scalar_one().title = "Big mug"
    assert "has changed since" in staff.get(path_of()).text
    sent = form_of(staff, path_of())
    sent.pop("right-0", None)
    staff.post(path_of(), **sent)
    assert "has changed since" in staff.get(path_of()).text, "saving other fields confirms nothing"
    staff.post(path_of(), **sent | {"right-0": "1"})
    assert "has changed since" not in staff.get(path_of()).text


def test_words_of_options_are_translated_once_for_all(app: Flask, staff: Browser) -> None:
    path = "/admin/translations/option/0"
    sent = form_of(staff, path)
    place = next(
        name[-1] for name, value in sent.items() if value == "Red & white" and name.startswith("name-")
    )
    staff.post(path, **sent | {f"text-{place}": "Rot-weiß"})
    assert "Rot-weiß" in Browser(app).get("/de/products/mug").text


def test_a_file_is_saved_whole_or_not_at_all(app: Flask, staff: Browser) -> None:
    file = staff.get("/admin/translations/de.csv").text
    assert "de,product,mug,title,Mug,\n" in file
    good = file.replace("title,Mug,", "title,Mug,Becher")
    wrong = staff.post(
        "/admin/translations", file=(io.BytesIO((good + "de,thing,a,b,c,d\n").encode()), "de.csv")
    )
    assert (wrong.status_code, "is not a kind of text" in wrong.text) == (422, True)
    assert "Becher" not in Browser(app).get("/de/products/mug").text
    done = staff.post("/admin/translations", file=(io.BytesIO(good.encode()), "de.csv"))
    assert done.location == "/admin/translations?said=saved"
    assert "Becher" in Browser(app).get("/de/products/mug").text
    bad = staff.post("/admin/translations", file=(io.BytesIO(b"a,b\n1,2\n"), "x.csv"))
    assert (bad.status_code, "not a file of translations" in bad.text) == (422, True)
    assert staff.post("/admin/translations").status_code == 422


def test_what_does_not_exist_is_not_found(app: Flask, staff: Browser) -> None:
    for path in ("thing/1", "product/999999", "option/5", "category/1"):
        assert staff.get(f"/admin/translations/{path}").status_code == 404, path
    assert staff.get("/admin/translations/xx.csv").status_code == 404
    assert "does not have this language" in staff.get(f"{path_of()}?language=fr").text
    stored_settings.reset_value("languages")
    assert "The shop has one language" in staff.get("/admin/translations").text
    assert staff_browser(app, "orders").get("/admin/translations").status_code in (403, 404)
