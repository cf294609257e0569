"""Takes the pictures of the back office in docs/img: `.venv/bin/python -m tests.browser.office_pictures`.

It serves the demo shop with a morning's work in it, and writes small WebP files.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from storefront.catalog.models import Product, Variant
from storefront.change_sets.changes import ProductChange, StockChange
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, set_on_hand, stock_taking
from tests.browser.conftest import ARGUMENTS
from tests.browser.letters import sign_in_link
from tests.browser.pages import wait_until_interactive
from tests.change_sets import stored_sets
from tests.checkout.shoppers import make_draft, place
from tests.processes import ROOT, Shop, served
from tests.programs import require_program
from tests.stock.streams import writer_app

FOLDER = ROOT / "docs" / "img"
QUALITY = 80
# Name of the file: address, width of the window in CSS pixels, and colour scheme.
PICTURES = {
    "office-home": ("/admin", 1280, "light"),
    "office-product": ("/admin/products/{product}", 1280, "light"),
    "office-grid": ("/admin/grid?sort=title", 1280, "dark"),
    "office-import": ("/admin/imports/{change_set}", 1280, "light"),
    "office-phone": ("/admin/stock/takings/{taking}?counted={sku}", 390, "light"),
}


def main() -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "shop") as shop:
        numbers = fill_shop(shop)
        with office_browser() as browser:
            page = browser.new_page()
            page.goto(sign_in_link(shop))
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/admin")
            state = page.context.storage_state()
            for name, (path, width, scheme) in PICTURES.items():
                page = browser.new_page(
                    storage_state=state,
                    viewport={"width": width, "height": 844 if width < 600 else 960},
                    device_scale_factor=1.5 if width < 600 else 1,
                    color_scheme=scheme,  # type: ignore[arg-type]
                )
                page.goto(shop.url + path.format(**numbers), wait_until="load")
                wait_until_interactive(page)
                write_picture(page, FOLDER / f"{name}.webp")


def fill_shop(shop: Shop) -> dict[str, str]:
    """Give the shop orders, a stock-taking and a price list that waits; return their numbers."""
    app = writer_app(shop)
    with app.app_context():
        variants = list(
            db.session.scalars(
                db.select(Variant)
                .join(StockItem, StockItem.sku == Variant.sku)
                .where(StockItem.on_hand > 5)
                .order_by(Variant.id)
                .limit(40)
            )
        )
        codes = [variant.sku for variant in variants]
        for number in range(6):
            wanted = dict.fromkeys(codes[number * 4 : number * 4 + 2], 1)
            place(make_draft(wanted), f"a key of good length {number}")
        with write_transaction() as session:
            taking = stock_taking.open_taking(session, "Cellar, May")
            for place_, code in enumerate(codes[:5]):
                stock_taking.add_count(session, taking, code, 4 + place_, f"{place_}")
            set_on_hand(session, codes[30], 1, reason="counted")
        change_set = stored_sets.store(list(raise_prices()), "import")
        teapot = db.session.scalars(db.select(Product.id).where(Product.slug == "round-bellied-teapot")).one()
        db.session.rollback()
    return {
        "product": str(teapot),
        "change_set": str(change_set),
        "taking": str(taking),
        "sku": codes[4],
    }


def raise_prices() -> Iterator[ProductChange]:
    """Yield a change of the prices of the first products, one of them by more than half."""
    products = db.session.scalars(db.select(Product).order_by(Product.id).limit(6)).all()
    for place_, product in enumerate(products):
        factor = 1.6 if place_ == 0 else 1.05
        changes = [
            stored_sets.variant_change(
                variant.sku,
                StockChange("set", 24) if place_ == 1 else None,
                price=(variant.price, round(variant.price * factor)),
            )
            for variant in product.variants[:2]
        ]
        change = stored_sets.update(product, variants=changes)
        change.flags = ["price_jump"] if place_ == 0 else []
        yield change


@contextmanager
def office_browser() -> Iterator[Browser]:
    """Run the machine's Chromium until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_program("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


def write_picture(page: Page, path: Path) -> None:
    """Write what the window shows as WebP."""
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)
    print(f"{os.path.relpath(path)}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
