"""A write invalidates the pages that show its data, and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront import cache, redis_roles, stock
from storefront.cache.keys import EVERYTHING
from storefront.cache.state import cache_state
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product, ProductImage
from storefront.extensions import db, write_transaction
from storefront.redis_roles import Role
from storefront.shop_cache import keys
from tests.cache.conftest import get
from tests.cache.writer_process import detail, edit_product, get_category, set_price
from tests.factories import make_category, make_product
from tests.statements import statements

HOME, ALL = "/", "/products"
CUPS, TABLE, PLATES = "/categories/table/cups", "/categories/table", "/categories/plates"
MUG, CUP, PLATE = "/products/mug", "/products/cup", "/products/plate"
CHEAP, NAMED, PLATES_CHEAP = "/products?sort=price", "/products?sort=name", "/categories/plates?sort=price"
FOUND, OTHERS, BUYABLE = "/products?q=mug", "/products?vendor=Other", "/products?in_stock=1"
NONE_FOUND = "/products?q=zebra"
PAGES = {
    HOME,
    ALL,
    CUPS,
    TABLE,
    PLATES,
    MUG,
    CUP,
    PLATE,
    CHEAP,
    NAMED,
    PLATES_CHEAP,
    FOUND,
    OTHERS,
    BUYABLE,
    NONE_FOUND,
}
PRINT_MUG = {HOME, ALL, CUPS, TABLE, MUG, CUP, CHEAP, NAMED, FOUND, BUYABLE}  # CUP's page recommends the mug


def find_invalidated(client: FlaskClient, change: Callable[[], object]) -> set[str]:
    """Return which of all cached pages a change invalidates."""
    for address in PAGES:
        get(client, address)
        assert detail(get(client, address)) == "L2", address
    change()
    return {address for address in PAGES if detail(get(client, address)) != "L2"}


@pytest.mark.any_database
def test_price_change_invalidates_pages_that_show_it(client: FlaskClient, mug: int) -> None:
    assert find_invalidated(client, lambda: set_price(mug, 1100)) == PRINT_MUG
    assert all("$11.00" in get(client, address).text for address in PRINT_MUG)


@pytest.mark.any_database
def test_price_change_invalidates_lists_that_it_enters(client: FlaskClient, mug: int) -> None:
    dear = "/products?min_price=50"
    assert "Mug" not in get(client, dear).text
    set_price(mug, 9900)
    assert "$99.00" in get(client, dear).text


@pytest.mark.any_database
def test_title_change_invalidates_lists_by_name_and_searches(client: FlaskClient, mug: int) -> None:
    assert find_invalidated(client, lambda: edit_product(mug, title="Zebra mug")) == PRINT_MUG | {NONE_FOUND}
    assert "Zebra mug" in get(client, NONE_FOUND).text


@pytest.mark.any_database
def test_vendor_change_invalidates_lists_that_count_vendors(client: FlaskClient, mug: int) -> None:
    gone = find_invalidated(client, lambda: edit_product(mug, vendor="Other"))
    assert gone == PRINT_MUG | {OTHERS, NONE_FOUND}
    assert "Mug" in get(client, OTHERS).text


@pytest.mark.any_database
def test_a_search_that_found_nothing_finds_a_new_barcode(client: FlaskClient, mug: int) -> None:
    typed = "/products?q=4006381333931"
    assert "/products/mug" not in get(client, typed).text
    with write_transaction() as session:
        session.get_one(Product, mug).variants[0].barcode = "4006381 333931"
        writer.refresh(session, [mug])
    assert "/products/mug" in get(client, typed).text


@pytest.mark.any_database
def test_new_product_appears_on_its_pages(client: FlaskClient, mug: int) -> None:
    gone = find_invalidated(client, lambda: make_product("Blue mug", category=get_category("table/cups")))
    assert gone == PAGES - {PLATES, PLATES_CHEAP, PLATE}
    for address in (HOME, ALL, CUPS, TABLE, FOUND, MUG):
        assert "Blue mug" in get(client, address).text, address


def test_renamed_category_changes_navigation_of_all_pages(client: FlaskClient, mug: int) -> None:
    def rename() -> None:
        with write_transaction():
            get_category("plates").name = "Dishes"

    assert find_invalidated(client, rename) == PAGES
    assert all("Dishes" in get(client, address).text for address in PAGES)


@pytest.mark.any_database
def test_new_products_leave_the_menu_alone(client: FlaskClient, mug: int) -> None:
    """Nor do they drop strictly what they enter: only lists that print a product that changes are wrong."""
    before = tag_times(client)
    make_product("Jug", category=get_category("table/cups"))
    make_category("Table", "Cups", "Empty")
    changed = {name for name, at in tag_times(client).items() if before.get(name) != at}
    assert not changed & {"~navigation", "navigation", "~category-tree", "category-tree"}
    root = "~category:1"
    assert root in changed
    assert not {name for name in changed if name.startswith(("prices:", "~names:", "availability:"))}


@pytest.mark.any_database
def test_menu_change_keeps_the_data_of_products(client: FlaskClient, mug: int) -> None:
    """Each page prints the menu and is built again, from what is cached of its product."""
    get(client, "/products/mug")
    with write_transaction() as session:
        cache.invalidate_on_commit(session, keys.NAVIGATION, mode="strict")
    with statements() as seen:
        assert detail(get(client, "/products/mug")) == ""
    assert not [each for each in seen if "FROM product" in each]


@pytest.mark.any_database
def test_menu_follows_order_and_visibility(client: FlaskClient, mug: int) -> None:
    def has_changed(write: Callable[[], object]) -> tuple[bool, bool]:
        before = tag_times(client)
        write()
        after = tag_times(client)
        return tuple(before.get(name) != after.get(name) for name in ("~navigation", "~category-tree"))  # type: ignore[return-value]

    def move_up() -> None:
        with write_transaction():
            get_category("plates").position = 1

    def rename_deep() -> None:
        with write_transaction():
            get_category("table/cups").name = "Beakers"

    bowls = make_category("Table", "Bowls")
    assert has_changed(lambda: make_product("Bowl", category=bowls)) == (False, True), (
        "shown below Table only"
    )
    assert has_changed(lambda: make_product("Vase", category=make_category("Vases"))) == (True, True)
    assert has_changed(move_up) == (True, True)
    get(client, CUP)
    assert has_changed(rename_deep) == (False, True)
    assert "Beakers" in get(client, CUP).text
    assert has_changed(lambda: edit_product(mug, status="archived")) == (False, False)


@pytest.mark.any_database
def test_product_that_leaves_is_dropped_strictly(client: FlaskClient, mug: int) -> None:
    before = tag_times(client)
    edit_product(mug, unlisted=True)
    after = tag_times(client)
    assert all(after[tag] != before.get(tag) for tag in (f"card:{mug}", f"product:{mug}"))


def tag_times(client: FlaskClient) -> dict[str, float]:
    """Return the time of each tag's last invalidation, by its name in Redis."""
    marks = f"{client.application.config['CACHE_PREFIX']}:{{c0}}:marks"
    rows = redis_roles.get_client(Role.CACHE).zrange(marks, 0, -1, withscores=True)
    return {name.decode(): score for name, score in rows}


def test_moved_product_changes_counts_of_both_branches(client: FlaskClient, mug: int) -> None:
    bowls = make_category("Table", "Bowls")
    make_product("Bowl", category=bowls)
    get(client, TABLE), get(client, ALL)
    edit_product(mug, category_id=bowls.id)
    assert get(client, TABLE).text == _rebuilt(client, TABLE)
    edit_product(mug, category_id=get_category("plates").id)
    for address in (HOME, ALL, TABLE, PLATES):
        assert get(client, address).text == _rebuilt(client, address), address


def _rebuilt(client: FlaskClient, address: str) -> str:
    """Return the page as it is built without the cache."""
    cache_state.get(client.application).store.l2.tag_times.invalidate([EVERYTHING])
    return get(client, address).text


@pytest.mark.any_database
def test_category_picture_follows_its_product(client: FlaskClient, mug: int) -> None:
    for _ in range(8):  # so that the mug is no longer among the newest
        make_product(category=get_category("plates"))
    get(client, HOME)
    with write_transaction() as session:
        session.add(ProductImage(product_id=mug, position=0, alt="", digest="f" * 32, width=9, height=9))
        writer.refresh(session, [mug])
    assert "f" * 32 in get(client, HOME).text


def test_stock_change_invalidates_only_pages_it_changes(client: FlaskClient, mug: int) -> None:
    def sell(number: int) -> Callable[[], None]:
        def do() -> None:
            with write_transaction() as session:
                stock.sell(session, "MUG-1", number, reference="order", reserved=0)

        return do

    assert find_invalidated(client, sell(1)) == set(), "eight of nine are left, which the pages do not show"
    gone = find_invalidated(client, sell(8))
    assert gone >= PRINT_MUG
    assert not gone & {PLATE, PLATES, PLATES_CHEAP}
    assert "Sold out" in get(client, MUG).text
    assert "/products/mug" not in get(client, BUYABLE).text


def test_stock_rows_written_directly_invalidate_pages(client: FlaskClient, mug: int) -> None:
    def write() -> None:
        with write_transaction() as session:
            row = select(stock.StockItem).where(stock.StockItem.product_id == mug)
            session.execute(row).scalar_one().on_hand = 0

    assert not find_invalidated(client, write) & {PLATE, PLATES, PLATES_CHEAP}
    assert "/products/mug" not in get(client, BUYABLE).text


def test_rollback_invalidates_nothing(client: FlaskClient, mug: int) -> None:
    def fail() -> None:
        session = db.session()
        session.get_one(Product, mug).title = "Never"
        session.flush()
        session.rollback()
        # The next write of the same session invalidates its own tags only.
        with write_transaction() as session:
            cache.invalidate_on_commit(session, "another")

    assert find_invalidated(client, fail) == set()


def test_rolled_back_savepoint_keeps_earlier_tags(client: FlaskClient, mug: int) -> None:
    def write() -> None:
        with write_transaction() as session:
            session.get_one(Product, mug).title = "Beaker"
            session.flush()
            session.begin_nested().rollback()

    assert find_invalidated(client, write) >= {MUG, CUPS}
    assert "Beaker" in get(client, MUG).text


def test_transaction_with_many_tags_invalidates_only_them(client: FlaskClient, mug: int) -> None:
    def write() -> None:
        with write_transaction() as session:
            cache.invalidate_on_commit(session, *(f"card:{i}" for i in range(1_000_000, 1_001_200)))
            cache.invalidate_on_commit(session, keys.product_tag(mug))

    assert find_invalidated(client, write) == {MUG}


def test_transaction_with_too_many_tags_invalidates_groups(client: FlaskClient, mug: int) -> None:
    def write() -> None:
        with write_transaction() as session:
            cache.invalidate_on_commit(session, *(f"product:{i}" for i in range(1_000_000, 1_050_001)))

    assert find_invalidated(client, write) == {MUG, CUP, PLATE}, "all that carry a tag of a product's page"
