"""The form of one product: what is saved, what comes back, and two people at once."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from storefront.catalog.categories import get_or_create
from storefront.catalog.models import Product, Variant
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, StockMovement
from tests.accounts.people import SAME_ORIGIN, Browser, sign_in_as_staff, staff_browser
from tests.admin.product_forms import read_form
from tests.cache.test_database_outages import database_away
from tests.factories import make_product, png
from tests.statements import count_statements

SKUS = ("CUP-S", "CUP-M", "CUP-L")


@pytest.fixture
def address() -> str:
    """The form's address of a product with three variants."""
    variants = [{"sku": sku, "option1": sku[-1], "price": 1250, "on_hand": 4} for sku in SKUS]
    product = make_product(
        "Cup", variants=variants, option_names=["Size"], description_html="<p>Red</p>", tags=["tea"]
    )
    with write_transaction() as session:
        get_or_create(session, ["Kitchen", "Cups"])
    return f"/admin/products/{product.id}"


def prefix(sku: str) -> str:
    """Return how the names of a variant's fields begin."""
    return f"v{db.session.execute(select(Variant.id).where(Variant.sku == sku)).scalar_one()}"


def product() -> Product:
    """Return the product as it is stored now."""
    db.session.rollback()
    return db.session.execute(select(Product).execution_options(populate_existing=True)).scalar_one()


def test_all_kinds_of_fields_are_saved(app: Flask, address: str) -> None:
    browser, small = staff_browser(app), prefix("CUP-S")
    form = read_form(browser.get(address).text)
    form |= {
        "title": "Mug",
        "description_html": "<h2>Blue</h2><script>x</script>\r\n",
        "category": "kitchen/cups",
        "tags": "tea, gift",
        "seo_title": "A mug",
        f"{small}-price": "9.5",
        f"{small}-on_hand": "7",
        f"{small}-barcode": "4006381333931",
        f"{small}-backorder": "1",
    }
    assert browser.post(address, **form).status_code == 303
    saved = product()
    assert (saved.title, saved.description_html, saved.tags) == ("Mug", "<h2>Blue</h2>", ["tea", "gift"])
    assert saved.category is not None
    assert (saved.category.path, saved.seo_title, saved.price) == ("kitchen/cups", "A mug", 950)
    variant = saved.variants[0]
    assert (variant.barcode, variant.backorder, saved.variants[1].price) == ("4006381333931", True, 1250)
    movement = db.session.execute(select(StockMovement).where(StockMovement.sku == "CUP-S")).scalar_one()
    assert (movement.quantity, movement.actor.partition(":")[0]) == (3, "staff")
    assert count_statements(lambda: browser.get(address)) <= 8


@pytest.mark.parametrize("changed", ["title", "seo_title", "price", "on_hand", "barcode", "description_html"])
def test_a_save_needs_few_statements(app: Flask, address: str, changed: str) -> None:
    browser, small = staff_browser(app), prefix("CUP-S")
    form = read_form(browser.get(address).text)
    name = changed if changed in form else f"{small}-{changed}"
    assert count_statements(lambda: browser.post(address, **form | {name: "8"})) <= 12


def test_a_form_sent_unchanged_changes_nothing(app: Flask, address: str) -> None:
    browser, before = staff_browser(app), product().updated_at
    page = browser.get(address).text
    assert "<title>Cup · " in page
    form = read_form(page)
    assert browser.post(address, **form).status_code == 303
    assert product().updated_at == before


def test_changes_to_different_fields_are_both_saved(app: Flask, address: str) -> None:
    kim, lee = staff_browser(app), staff_browser(app, "manager")
    forms = [read_form(each.get(address).text) for each in (kim, lee)]
    kim.post(address, **forms[0] | {"title": "Mug"})
    assert lee.post(address, **forms[1] | {"vendor": "Kiln"}).status_code == 303
    assert (product().title, product().vendor) == ("Mug", "Kiln")


def test_the_second_of_two_people_sees_both_and_chooses(app: Flask, address: str) -> None:
    kim, lee, small = staff_browser(app), staff_browser(app, "manager"), prefix("CUP-S")
    forms = [read_form(each.get(address).text) for each in (kim, lee)]
    kim.post(address, **forms[0] | {"title": "Mug", f"{small}-price": "9", "tags": "gift"})
    mine = {"title": "Beaker", f"{small}-price": "8", "vendor": "Kiln"}
    answer = lee.post(address, **forms[1] | mine)
    assert answer.status_code == 409
    assert (product().title, product().vendor) == ("Mug", "Kiln Row")
    assert "Mug" in answer.text
    assert "Beaker" in answer.text
    again = read_form(answer.text)
    assert {name: again[name] for name in mine} == mine | {f"{small}-price": "8.00"}
    assert again["tags"] == "gift"
    assert lee.post(address, **again).status_code == 409  # nothing was chosen
    chosen = {"choose-title": "theirs", f"choose-{small}-price": "mine"}
    assert lee.post(address, **again | chosen).status_code == 303
    saved = product()
    assert (saved.title, saved.vendor, saved.price, saved.tags) == ("Mug", "Kiln", 800, ["gift"])


def test_stock_that_was_sold_meanwhile_is_not_overwritten(app: Flask, address: str) -> None:
    browser, small = staff_browser(app), prefix("CUP-S")
    form = read_form(browser.get(address).text)
    with write_transaction() as session:
        session.execute(select(StockItem).where(StockItem.sku == "CUP-S")).scalar_one().on_hand = 3
    answer = browser.post(address, **form | {f"{small}-on_hand": "9"})
    assert answer.status_code == 409
    assert read_form(answer.text)[f"{small}-on_hand"] == "9"


@pytest.mark.any_database
def test_a_refused_form_comes_back_as_it_was_typed(app: Flask, address: str) -> None:
    browser, small = staff_browser(app), prefix("CUP-S")
    typed = {
        "title": "x" * 501,
        "description_html": "<b class=x>" * 2000,
        f"{small}-price": "twelve",
        f"{small}-weight_grams": "-1",
        "category": "no/such",
    }
    answer = browser.post(address, **read_form(browser.get(address).text) | typed | {"category": ""})
    assert answer.status_code == 422
    assert {name: read_form(answer.text)[name] for name in typed} == typed | {"category": ""}
    assert product().title == "Cup"
    missing = browser.post(address, **read_form(browser.get(address).text) | {"category": "no/such"})
    assert "There is no such category" in missing.text


@pytest.mark.any_database
def test_a_form_without_its_origin_overwrites_nothing(app: Flask, address: str) -> None:
    browser = staff_browser(app)
    assert browser.post(address, made_from="[]", title="Forged").status_code == 409
    assert product().title == "Cup"


@pytest.mark.any_database
def test_a_role_without_stock_cannot_set_it(app: Flask, address: str) -> None:
    owner, helper, small = staff_browser(app), staff_browser(app, "catalogue"), prefix("CUP-S")
    form = read_form(owner.get(address).text) | {f"{small}-on_hand": "9"}
    assert helper.post(address, **form).status_code == 422
    assert f"{small}-on_hand" not in read_form(helper.get(address).text)
    saved = helper.post(address, **read_form(helper.get(address).text) | {"title": "Mug"})
    assert (saved.status_code, product().title) == (303, "Mug")


@pytest.mark.any_database
def test_viewers_see_the_form_and_cannot_save(app: Flask, address: str) -> None:
    viewer: Browser = staff_browser(app, "viewer")
    page = viewer.get(address)
    assert page.status_code == 200
    assert 'type="submit">Save' not in page.text
    assert viewer.post(address, title="Forged").status_code == 404


def new_form(browser: Browser, **typed: str) -> dict[str, str]:
    """Return the form of a new product with these fields filled in."""
    return read_form(browser.get("/admin/products/new").text) | typed


def test_a_new_product_is_a_draft_until_published(app: Flask) -> None:
    browser = staff_browser(app)
    assert "<bdi>New variant</bdi></legend>" in browser.get("/admin/products/new").text
    typed = {"title": "Tea bowl", "new-price": "12", "new-on_hand": "5", "new-label": "BOWL", "tags": "tea"}
    answer = browser.post("/admin/products/new", **new_form(browser, **typed))
    assert answer.status_code == 303, answer.text
    page = browser.get(answer.location)
    assert page.status_code == 200
    saved = product()
    assert (saved.slug, saved.status, saved.price) == ("tea-bowl", "draft", 1200)
    item = db.session.execute(select(StockItem)).scalar_one()
    assert (item.sku, item.on_hand, item.tracked) == ("BOWL", 5, True)
    assert browser.get("/products/tea-bowl").status_code == 404
    browser.post(answer.location.partition("?")[0], **read_form(page.text) | {"status": "active"})
    assert "Tea bowl" in browser.get("/products/tea-bowl").text
    assert "Tea bowl" in browser.get("/products?q=bowl").text


@pytest.mark.any_database
def test_a_publication_is_planned_in_the_shops_time(app: Flask) -> None:
    app.config["SHOP_SETTINGS"] = {"timezone": "Europe/Berlin"}
    browser = staff_browser(app)
    form = read_form(browser.get("/admin/products/new").text)
    form |= {"title": "Cup", "new-price": "5", "publish_at": "2099-07-01T09:00"}
    for wrong in ({"publish_at": "2020-07-01T09:00"}, {"publish_at": "tomorrow"}, {"status": "active"}):
        answer = browser.post("/admin/products/new", **form | wrong)
        assert (answer.status_code, "publish_at-wrong" in answer.text) == (422, True), wrong
    skipped = browser.post("/admin/products/new", **form | {"publish_at": "2099-03-29T02:30"})
    assert "publish_at-wrong" in skipped.text, "the clock goes from 2:00 to 3:00"
    address = browser.post("/admin/products/new", **form).location.partition("?")[0]
    assert (product().status, product().publish_at) == ("draft", "2099-07-01T07:00:00Z")
    page = browser.get(address).text
    assert ('value="2099-07-01T09:00"' in page, "Europe/Berlin" in page) == (True, True)
    assert browser.post(address, **read_form(page) | {"status": "active"}).status_code == 303
    assert product().publish_at is None


def test_products_of_one_title_get_different_addresses(app: Flask) -> None:
    browser = staff_browser(app)
    typed = {"title": "Tea bowl", "new-price": "12", "new-label": "BOWL", "new-on_hand": ""}
    for _time in range(2):
        assert browser.post("/admin/products/new", **new_form(browser, **typed)).status_code == 303
    found = db.session.execute(
        select(Product.slug, Variant.sku, StockItem.tracked)
        .join(Variant)
        .join(StockItem, StockItem.variant_id == Variant.id)
    ).all()
    assert sorted(map(tuple, found)) == [("tea-bowl", "BOWL", False), ("tea-bowl-2", "tea-bowl", False)]
    taken = browser.post("/admin/products/new", **new_form(browser, **typed | {"slug": "tea-bowl"}))
    assert (taken.status_code, read_form(taken.text)["slug"]) == (422, "tea-bowl")


@pytest.mark.any_database
def test_an_incomplete_new_product_comes_back(app: Flask) -> None:
    browser = staff_browser(app)
    answer = browser.post(
        "/admin/products/new", **new_form(browser, vendor="Kiln", **{"new-weight_grams": "3"})
    )
    assert answer.status_code == 422
    assert "Enter Title." in answer.text
    form = read_form(answer.text)
    assert (form["vendor"], form["new-weight_grams"]) == ("Kiln", "3")


def test_an_old_address_leads_to_the_new_one(app: Flask, address: str) -> None:
    browser = staff_browser(app)
    make_product("Pot", variants=[{"sku": "POT"}])
    form = read_form(browser.get(address).text)
    assert browser.post(address, **form | {"slug": "pot"}).status_code == 422
    assert "You can use" in browser.post(address, **form | {"slug": "a/b"}).text
    assert browser.post(address, **form | {"slug": "mug"}).status_code == 303
    moved = browser.get("/products/cup")
    assert (moved.status_code, moved.location) == (301, "/products/mug")


@pytest.mark.any_database
def test_a_copy_is_a_draft_without_stock(app: Flask, address: str) -> None:
    browser = staff_browser(app)
    copied = browser.post(f"{address}/copies")
    page = browser.get(copied.location)
    assert "Copy of Cup" in page.text
    copy = db.session.execute(select(Product).where(Product.slug == "copy-of-cup")).scalar_one()
    assert (copy.status, copy.description_html, copy.option_names) == ("draft", "<p>Red</p>", ["Size"])
    assert [(each.option1, each.price) for each in copy.variants] == [("S", 1250), ("M", 1250), ("L", 1250)]
    assert len({each.sku for each in copy.variants} | set(SKUS)) == 6


@pytest.mark.any_database
def test_strangers_see_a_draft_by_its_signed_link(app: Flask) -> None:
    draft = make_product("Tea bowl", status="draft", variants=[{"sku": "BOWL"}])
    page = staff_browser(app).get(f"/admin/products/{draft.id}").text
    link = page.partition("/previews/")[2].partition('"')[0]
    shown = Browser(app).get(f"/previews/{link}")
    assert "Tea bowl" in shown.text
    assert (shown.headers["Cache-Control"], shown.headers["X-Robots-Tag"]) == ("private, no-store", "noindex")
    assert Browser(app).get(f"/previews/{link[:-1]}").status_code == 404
    assert Browser(app).get("/products/tea-bowl").status_code == 404


def test_options_make_variants_and_keep_what_exists(app: Flask, address: str) -> None:
    browser, small = staff_browser(app), prefix("CUP-S")
    with write_transaction() as session:
        session.execute(update(Variant).values(position=Variant.position + 1))
    form = read_form(browser.get(address).text)
    assert (form["option1-name"], form["option1-values"]) == ("Size", "S\r\nM\r\nL")
    more = {"option1-values": "S\nMedium\nL", "option2-name": "Colour", "option2-values": "Red\nBlue"}
    answer = browser.post(address, **form | more | {f"{small}-price": "9"})
    assert answer.status_code == 303
    saved = product()
    assert saved.option_names == ["Size", "Colour"]
    rows = [(each.option1, each.option2, each.sku, each.price) for each in saved.variants]
    assert rows[:3] == [
        ("S", "Red", "CUP-S", 900),
        ("S", "Blue", "cup-s-blue", 900),
        ("Medium", "Red", "CUP-M", 1250),
    ]
    assert len(rows) == 6
    assert [each.position for each in saved.variants] == list(range(1, 7)), "from that of the first one on"
    stock = db.session.execute(select(StockItem.on_hand).where(StockItem.sku == "CUP-M")).scalar_one()
    assert stock == 4


@pytest.mark.any_database
def test_variants_are_removed_only_after_a_tick(app: Flask, address: str) -> None:
    browser = staff_browser(app)
    form = read_form(browser.get(address).text) | {"option1-values": "S\nM"}
    asked = browser.post(address, **form)
    assert (asked.status_code, len(product().variants)) == (422, 3)
    again = read_form(asked.text) | {"remove-variants": "1"}
    assert browser.post(address, **again).status_code == 303
    assert [each.sku for each in product().variants] == ["CUP-S", "CUP-M"]


@pytest.mark.any_database
def test_too_many_variants_are_refused(app: Flask, address: str) -> None:
    browser = staff_browser(app)
    many = {"option1-values": "\n".join(map(str, range(10_000)))}
    answer = browser.post(address, **read_form(browser.get(address).text) | many)
    assert "These values make 10000 variants" in answer.text
    assert len(product().variants) == 3


@pytest.mark.any_database
def test_a_new_product_with_two_options(app: Flask) -> None:
    browser = staff_browser(app)
    typed = {"title": "Bowl", "new-price": "12", "option1-name": "Size", "option1-values": "S\nM\nL"}
    more = {"option2-name": "Glaze", "option2-values": "Matt\nShiny", "new-on_hand": "4"}
    assert browser.post("/admin/products/new", **new_form(browser, **typed, **more)).status_code == 303
    assert [(each.option1, each.option2, each.price) for each in product().variants][:2] == [
        ("S", "Matt", 1200),
        ("S", "Shiny", 1200),
    ]
    assert len(product().variants) == 6


def upload(browser: Browser, address: str, form: dict[str, str], *files: tuple[bytes, str]) -> TestResponse:
    """Send a form with pictures."""
    data = form | {"pictures": [(io.BytesIO(data), name) for data, name in files]}
    return browser.client.post(
        address.replace("/admin/", "/admin/uploads/"), data=data, headers=SAME_ORIGIN, **browser.options
    )


@pytest.mark.any_database
def test_pictures_are_added_moved_and_removed(app: Flask, address: str) -> None:
    browser = staff_browser(app)
    form = read_form(browser.get(address).text)
    form.pop("pictures")
    files = [(png(place), f"../cups/{place}.png") for place in range(3)]
    answer = upload(browser, address, form | {"title": "Mug"}, *files, (b"<svg/>", "lie.png"))
    assert answer.status_code == 422
    assert "lie.png" in answer.text
    saved = product()
    assert (saved.title, len(saved.images)) == ("Mug", 3)
    first, second, third = saved.images
    assert saved.cover_id == first.id
    form = read_form(browser.get(address).text)
    moved = {f"p{third.id}-place": "1", f"p{third.id}-alt": "A mug", f"p{second.id}-removed": "1"}
    assert browser.post(address, **form | moved).status_code == 303
    saved = product()
    assert [(each.id, each.alt) for each in saved.images] == [(third.id, "A mug"), (first.id, "")]
    assert saved.cover_id == third.id
    assert "A mug" in browser.get("/products/cup").text


@pytest.mark.any_database
def test_a_variant_shows_the_picture_that_was_chosen(app: Flask, address: str) -> None:
    browser, small, large = staff_browser(app), prefix("CUP-S"), prefix("CUP-L")
    form = read_form(browser.get(address).text)
    form.pop("pictures", None)
    upload(browser, address, form, (png(1), "a.png"), (png(2), "b.png"))
    first, second = (image.id for image in product().images)
    form = read_form(browser.get(address).text)
    assert form[f"{small}-image_id"] == ""
    browser.post(address, **form | {f"{small}-image_id": str(second), f"{large}-image_id": str(first)})
    assert [variant.image_id for variant in product().variants] == [second, None, first]
    page = browser.get(address).text
    form = read_form(page)
    assert "Picture 2" in page
    for forged in ("999999", "x", str(10**17)):
        answer = browser.post(address, **form | {f"{small}-image_id": forged, "title": "Mug"})
        assert "does not have this picture any more" in answer.text
        assert read_form(answer.text)["title"] == "Mug"
    assert product().variants[0].image_id == second
    assert browser.post(address, **form | {f"p{second}-removed": "1"}).status_code == 303
    assert [variant.image_id for variant in product().variants] == [None, None, first]


@pytest.mark.any_database
def test_two_people_who_choose_a_picture_see_its_name(app: Flask, address: str) -> None:
    kim, lee, small = staff_browser(app), staff_browser(app, "manager"), prefix("CUP-S")
    form = read_form(kim.get(address).text)
    form.pop("pictures", None)
    upload(kim, address, form, (png(1), "a.png"), (png(2), "b.png"))
    first, second = (image.id for image in product().images)
    forms = [read_form(each.get(address).text) for each in (kim, lee)]
    kim.post(address, **forms[0] | {f"{small}-image_id": str(first)})
    answer = lee.post(address, **forms[1] | {f"{small}-image_id": str(second)})
    assert answer.status_code == 409
    assert '<span class="conflicts__value" dir="auto">Picture 1</span>' in answer.text
    assert '<span class="conflicts__value" dir="auto">Picture 2</span>' in answer.text


@pytest.mark.any_database
def test_an_upload_after_the_sign_in_has_ended_keeps_the_form(app: Flask, address: str) -> None:
    browser = staff_browser(app)
    form = read_form(browser.get(address).text)
    form.pop("pictures", None)
    browser.client.delete_cookie("signin")
    answer = upload(browser, address, form | {"title": "Mug"}, (png(), "mug.png"))
    assert answer.location == "/account/login?next=/admin/carried-form&said=form-kept"
    sign_in_as_staff(browser.client)
    page = browser.get("/admin/carried-form").text
    assert ("Choose them again" in page, "Mug" in page) == (True, True)
    again = read_form(page, "inline-form")
    assert browser.post(address.replace("/admin/", "/admin/uploads/"), **again).status_code == 303
    assert (product().title, product().images) == ("Mug", [])


@pytest.mark.any_database
def test_roles_without_products_cannot_upload(app: Flask, address: str) -> None:
    viewer = staff_browser(app, "viewer")
    assert upload(viewer, address, {}, (png(), "cup.png")).status_code == 404


def test_a_form_comes_back_while_the_database_is_away(app: Flask, address: str) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    browser = staff_browser(app)
    form = read_form(browser.get(address).text) | {"title": 'A "mug" & <b>more</b>'}
    with database_away():
        answer = browser.post(address, **form)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert browser.get(address).status_code == 503
    again = read_form(answer.text, "again")
    assert again == {name: value for name, value in form.items() if value or name in again}
    assert browser.post(address, **again).status_code == 303
    assert product().title == 'A "mug" & <b>more</b>'
