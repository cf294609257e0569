"""The planner: which product and variant a row means, and what changes."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from storefront.catalog.models import Product, ProductImage, ProductRedirect
from storefront.change_sets.changes import ProductChange, StockChange, ValueChange, VariantChange
from storefront.change_sets.inputs import InputPicture, InputProduct, InputVariant, RefusedRow
from storefront.change_sets.plan_report import PlanReport
from storefront.extensions import write_transaction
from tests import factories
from tests.change_sets.plans import plan, row
from tests.statements import statements

# What a plan is does not depend on the database; the property test plans on both.
pytestmark = pytest.mark.any_database


def shirt(**overrides: Any) -> Product:
    """Make a product with three sizes: S, M and L."""
    variants = [
        {"sku": f"TEE-{size}", "option1": size, "price": 3000, "on_hand": 7, "position": place}
        for place, size in enumerate("SML", 1)
    ]
    return factories.make_product(
        "Linen tee", option_names=["Size"], **{"slug": "tee", "variants": variants} | overrides
    )


def of_variants(change: ProductChange) -> dict[str, VariantChange]:
    return {variant.sku: variant for variant in change.variants}


def test_price_list_changes_only_prices(app: Flask) -> None:
    """Four columns of a file change nothing but what they hold."""
    shirt(description_html="<p>Soft.</p>", status="draft")
    given = InputProduct(
        line=2,
        handle="tee",
        values={"title": "Linen tee", "option_names": ["Size"]},
        variants=[row(2, "S", label="TEE-S", price=2800), row(3, "M", label="TEE-M", price=2800)],
        has_option_columns=True,
    )
    (change,), report = plan(given)
    assert change.fields == {}
    assert change.flags == []
    assert {v.sku: v.fields for v in change.variants} == {
        sku: {"price": ValueChange(3000, 2800)} for sku in ("TEE-S", "TEE-M")
    }
    assert (report.changed, report.removed_variants, report.changed_stock, report.refused_rows) == (
        1,
        0,
        0,
        0,
    )


def test_equal_product_is_left(app: Flask) -> None:
    shirt()
    given = InputProduct(handle="tee", values={"title": "Linen tee"}, variants=[row(2, "S", price=3000)])
    changes, report = plan(given)
    assert (changes, report.left) == ([], 1)


def test_file_without_options_refuses_the_product(app: Flask) -> None:
    """A price for a product of three sizes may mean any of them. Nothing is removed even if that is asked for."""
    shirt()
    given = InputProduct(line=2, handle="tee", variants=[row(2, price=2800)], has_option_columns=True)
    changes, report = plan(given, remove_missing=True)
    assert changes == []
    assert report.refused_rows == 1
    assert "has options (Size) and 3 variants" in report.problems[0].reason


def test_product_columns_need_no_variant(app: Flask) -> None:
    shirt()
    (change,), _ = plan(InputProduct(handle="tee", values={"vendor": "Loom"}, variants=[row(2)]))
    assert change.fields == {"vendor": ValueChange("Kiln Row", "Loom")}
    assert change.variants == []


def test_row_without_options_means_the_only_variant(app: Flask) -> None:
    factories.make_product("Cap", slug="cap", variants=[{"sku": "CAP", "price": 1000}])
    (change,), _ = plan(InputProduct(handle="cap", variants=[row(2, price=1200, label="C-1")]))
    assert change.variants[0].sku == "CAP"
    assert change.variants[0].fields["label"] == ValueChange("CAP", "C-1")


def test_code_comes_before_options_and_options_before_label(app: Flask) -> None:
    shirt()
    rows = [
        row(2, "XS", code="TEE-S", label="TEE-L", price=1),  # by code, though the label is another variant's
        row(3, "M", label="NEW", price=2),  # by options
        row(4, "XL", label="TEE-L2", price=3),
    ]
    (change,), _ = plan(InputProduct(handle="tee", variants=rows))
    found = of_variants(change)
    assert found["TEE-S"].fields["option1"] == ValueChange("S", "XS")
    assert found["TEE-M"].fields["label"] == ValueChange("TEE-M", "NEW")
    assert found["TEE-L2"].action == "create"


def test_unique_label_renames_the_options(app: Flask) -> None:
    shirt()
    (change,), report = plan(InputProduct(handle="tee", variants=[row(2, "Small", label="TEE-S")]))
    assert change.variants == [
        VariantChange(action="update", sku="TEE-S", line=2, fields={"option1": ValueChange("S", "Small")})
    ]
    assert report.new_variants == 0


def test_swapped_option_values_are_planned_by_code(app: Flask) -> None:
    shirt()
    rows = [row(2, "M", code="TEE-S"), row(3, "S", code="TEE-M")]
    (change,), report = plan(InputProduct(handle="tee", variants=rows))
    assert {v.sku: v.fields["option1"].new for v in change.variants} == {"TEE-S": "M", "TEE-M": "S"}
    assert report.refused_rows == 0


def test_second_row_with_the_same_options_is_refused(app: Flask) -> None:
    shirt()
    rows = [row(2, "S", price=1), row(3, "S", price=2), row(4, "XL", price=3), row(5, "XL ", price=4)]
    (change,), report = plan(InputProduct(handle="tee", variants=rows))
    assert [problem.line for problem in report.problems] == [3, 5]
    assert [variant.line for variant in change.variants] == [2, 4]


def test_option_of_a_staying_variant_cannot_be_taken(app: Flask) -> None:
    shirt()
    changes, report = plan(InputProduct(handle="tee", variants=[row(2, "L", code="TEE-S")]))
    assert changes == []
    assert "the variant TEE-L has the same option values" in report.problems[0].reason


def test_case_of_an_option_value_is_no_new_variant(app: Flask) -> None:
    variants = [{"sku": "P-1", "option1": "Blue"}, {"sku": "P-2", "option1": "Blue!"}]
    factories.make_product("Pen", slug="pen", option_names=["Shade"], variants=variants)
    (change,), report = plan(
        InputProduct(handle="pen", variants=[row(2, "blue", price=5), row(3, "Blue!", price=6)])
    )
    assert report.new_variants == 0
    assert of_variants(change)["P-1"].fields["option1"] == ValueChange("Blue", "blue")


def test_rows_that_differ_by_case_are_variants_of_their_own(app: Flask) -> None:
    factories.make_product(
        "Pen", slug="pen", option_names=["Shade"], variants=[{"sku": "P-1", "option1": "Blue"}]
    )
    rows = [row(2, "blue", price=5), row(3, "BLUE", price=6)]
    (change,), report = plan(InputProduct(handle="pen", variants=rows))
    assert report.new_variants == 2
    assert "P-1" not in of_variants(change)


def test_empty_option_value_clears_nothing(app: Flask) -> None:
    variants = [{"sku": "A", "option1": "S", "option2": "Red"}]
    factories.make_product("Tee", slug="tee", option_names=["Size", "Colour"], variants=variants)
    (change,), _ = plan(InputProduct(handle="tee", variants=[row(2, "XS", "", code="A")]))
    assert change.variants[0].fields == {"option1": ValueChange("S", "XS")}


def test_fewer_option_columns_lose_no_option(app: Flask) -> None:
    """A file with the first of two options cannot clear the second one."""
    variants = [
        {"sku": f"{size}-{color}", "option1": size, "option2": color}
        for size in "SM"
        for color in ("Red", "Blue")
    ]
    factories.make_product("Tee", slug="tee", option_names=["Size", "Colour"], variants=variants)
    given = InputProduct(
        handle="tee",
        values={"option_names": ["Size"]},
        variants=[row(2, "S", label="S-Red", price=1), row(3, "S", price=2)],
    )
    (change,), report = plan(given)
    assert change.fields == {}
    assert of_variants(change)["S-Red"].fields == {"price": ValueChange(1999, 1)}
    assert "add the value of Colour" in report.problems[0].reason


def test_options_in_another_order_move_in_every_variant(app: Flask) -> None:
    variants = [
        {"sku": "A", "option1": "S", "option2": "Red"},
        {"sku": "B", "option1": "M", "option2": "Red"},
    ]
    factories.make_product("Tee", slug="tee", option_names=["Size", "Colour"], variants=variants)
    given = InputProduct(
        handle="tee", values={"option_names": ["Colour", "Size"]}, variants=[row(2, "Red", "S", price=1)]
    )
    (change,), _ = plan(given)
    assert change.fields == {"option_names": ValueChange(["Size", "Colour"], ["Colour", "Size"])}
    for variant in of_variants(change).values():
        assert (variant.fields["option1"].new, variant.fields["option2"].old) == ("Red", "Red")


def test_handles_that_fold_alike_stay_two_products(app: Flask) -> None:
    def pot(handle: str, title: str) -> InputProduct:
        return InputProduct(
            handle=handle,
            earlier_slugs=("tea-pot",),
            values={"title": title},
            variants=[row(2, price=3000, quantity=5)],
        )

    iron, clay = pot("tea_pot", "Tea pot of iron"), pot("tea-pot", "Tea pot of clay")
    changes, _ = plan(iron, clay)
    assert [(c.action, c.slug) for c in changes] == [("create", "tea_pot"), ("create", "tea-pot")]
    assert len({c.variants[0].sku for c in changes}) == 2
    factories.make_product("Tea pot of clay", slug="tea-pot")
    changes, _ = plan(iron)
    assert [(c.action, c.slug) for c in changes] == [("create", "tea_pot")]


def test_product_at_an_earlier_address_takes_its_handle(app: Flask) -> None:
    factories.make_product("Tea bowl", slug="n-0123456789", variants=[{"sku": "BOWL"}])
    given = InputProduct(handle="茶碗", earlier_slugs=("n-0123456789",), values={"title": "Bowl"})
    (change,), report = plan(given)
    assert change.slug == "n-0123456789"
    assert change.fields["slug"] == ValueChange("n-0123456789", "茶碗")
    assert report.created == 0


def test_former_address_leads_to_its_product(app: Flask) -> None:
    """The product keeps the address that it has now; another title under the old one is another product."""
    product = shirt(slug="linen-tee")
    with write_transaction() as session:
        session.add(ProductRedirect(slug="tee", product_id=product.id))
    (change,), _ = plan(InputProduct(handle="tee", values={"title": "Linen Tee", "vendor": "Loom"}))
    assert change.fields.keys() == {"title", "vendor"}
    other = InputProduct(handle="tee", values={"title": "Cap"}, variants=[row(2, price=1, quantity=1)])
    assert [c.action for c in plan(other)[0]] == ["create"]


def test_codes_lead_to_a_product_with_a_new_handle(app: Flask) -> None:
    shirt()
    factories.make_product("Cap", slug="cap", variants=[{"sku": "CAP"}])
    moved = InputProduct(handle="shirt", variants=[row(2, "S", code="TEE-S")])
    (change,), _ = plan(moved)
    assert (change.slug, change.fields) == ("tee", {"slug": ValueChange("tee", "shirt")})
    mixed = InputProduct(line=2, handle="shirt", variants=[row(2, "S", code="TEE-S"), row(3, code="CAP")])
    changes, report = plan(mixed)
    assert changes == []
    assert "several products of the shop: cap, tee" in report.problems[0].reason
    changes, report = plan(moved, InputProduct(handle="tee", variants=[row(3, "M", price=1)]))
    assert [c.fields for c in changes] == [{}]  # the file has the product itself, too
    assert report.refused_rows == 1


def test_product_is_named_once(app: Flask) -> None:
    factories.make_product("Tee", slug="old-tee", variants=[{"sku": "TEE", "label": "T"}])
    first = InputProduct(handle="Tée", earlier_slugs=("old-tee",), values={"title": "Tee"})
    second = InputProduct(line=9, handle="", variants=[row(9, label="T", price=1)])
    changes, report = plan(first, second)
    assert len(changes) == 1
    assert "an earlier row of the file is about the same product" in report.problems[0].reason
    new = [
        InputProduct(line=n, new_slug="cup", values={"title": "Cup"}, variants=[row(n, price=1)])
        for n in (2, 3)
    ]
    _, report = plan(*new)
    assert (report.created, report.problems[0].line) == (1, 3)


def test_unique_labels_lead_to_products_without_handles(app: Flask) -> None:
    """A price list of SKUs: its rows of one product become one change."""
    shirt()
    inputs = [
        InputProduct(line=n, variants=[row(n, label=f"TEE-{size}", price=n)], has_option_columns=True)
        for n, size in ((2, "S"), (3, "L"))
    ]
    (change,), report = plan(*inputs, remove_missing=True)
    assert [v.sku for v in change.variants] == ["TEE-S", "TEE-L"]
    assert report.removed_variants == 0


def test_sku_that_means_no_single_variant_is_named(app: Flask) -> None:
    """Lines of a price list without a title: which SKU, and why."""
    shirt()
    inputs = [
        InputProduct(line=n, variants=[row(n, label=label, price=n)])
        for n, label in ((2, "TEE-S"), (3, "TEE-S"), (4, "CUP"))
    ]
    _, report = plan(*inputs)
    assert [problem.line for problem in report.problems] == [2, 3, 4]
    assert "several rows of the file have the SKU 'TEE-S'" in report.problems[0].reason
    assert "the SKU 'CUP' leads to no single product" in report.problems[2].reason


def test_new_product_needs_title_and_price(app: Flask) -> None:
    _, report = plan(
        InputProduct(line=2, handle="a", variants=[row(2, price=1)]),
        InputProduct(line=3, handle="b", values={"title": "B"}, variants=[row(3)]),
    )
    assert [problem.line for problem in report.problems] == [2, 3]
    assert "a new one needs a title" in report.problems[0].reason
    assert report.created == 0


def test_new_variant_needs_a_price(app: Flask) -> None:
    shirt()
    changes, report = plan(InputProduct(handle="tee", variants=[row(9, "XL", label="X")]))
    assert changes == []
    assert report.problems[0][:2] == (9, "Price")


def test_remove_missing_removes_with_all_old_fields(app: Flask) -> None:
    shirt()
    given = InputProduct(
        handle="tee", variants=[row(2, "S"), row(3, "M")], has_option_columns=True, has_picture_column=True
    )
    assert plan(given)[0] == []
    (change,), report = plan(given, remove_missing=True)
    (removed,) = change.variants
    assert (removed.action, removed.sku, removed.stock) == ("remove", "TEE-L", StockChange("set", 0, 7))
    assert removed.fields["price"] == ValueChange(3000, None)
    assert removed.fields["option1"] == ValueChange("L", None)
    assert change.flags == ["removal"]
    assert report.removed_variants == 1
    given.has_option_columns = False
    assert plan(given, remove_missing=True)[0] == []


def test_reserved_variant_is_not_removed(app: Flask) -> None:
    shirt(variants=[{"sku": "S", "option1": "S"}, {"sku": "M", "option1": "M", "reserved": 2}])
    given = InputProduct(handle="tee", variants=[row(2, "S")], has_option_columns=True)
    changes, report = plan(given, remove_missing=True)
    assert changes == []
    assert "reserved 2" in report.notes[0].reason


def test_refused_row_never_removes_its_variant(app: Flask) -> None:
    """Whatever the reason: the variant M that the row may mean stays."""
    shirt()
    factories.make_product("Cap", slug="cap", variants=[{"sku": "OTHER"}])
    refused = [
        RefusedRow(line=3, column="Price", reason="is no amount", code="TEE-M"),
        RefusedRow(line=3, column="Price", reason="is no amount", options=("M",)),
        RefusedRow(line=3, column="Price", reason="is no amount", label="TEE-M"),
        RefusedRow(line=3, column="", reason="has more cells than the header"),
        RefusedRow(line=3, column="Option1 value", reason="is there already", options=("S",)),
    ]
    unusable = [
        row(3, "S", price=1),
        row(3, "XL"),
        row(3, "M", code="OTHER"),
        row(3, "S", code="TEE-M"),
        row(3, price=1),
    ]
    cases: list[RefusedRow | InputVariant] = [*refused, *unusable]
    for case in cases:
        given = InputProduct(handle="tee", variants=[row(2, "S", price=2)], has_option_columns=True)
        given.refused = [case] if isinstance(case, RefusedRow) else []
        given.variants += [case] if isinstance(case, InputVariant) else []
        (change,), report = plan(given, remove_missing=True)
        assert report.refused_rows == 1, case
        assert "TEE-M" not in of_variants(change), case


def test_code_in_a_row_of_another_product_is_not_removed(app: Flask) -> None:
    """The other product refuses the row, so it never removes the variant that it names."""
    shirt()
    given = InputProduct(handle="tee", variants=[row(2, "S")], has_option_columns=True)
    changes, _ = plan(given, remove_missing=True, is_code_in_file=lambda code: code in ("TEE-M", "TEE-L"))
    assert changes == []


def test_product_found_by_a_former_address_loses_nothing(app: Flask) -> None:
    """The rows of another former address are refused, and may name the other variants."""
    product = shirt()
    with write_transaction() as session:
        session.add_all(ProductRedirect(slug=f"old-{n}", product_id=product.id) for n in (1, 2))
    one, two = (
        InputProduct(line=n, handle=f"old-{n}", variants=[row(n, size)], has_option_columns=True)
        for n, size in ((1, "S"), (2, "M"))
    )
    changes, report = plan(one, two, remove_missing=True)
    assert (changes, report.removed_variants, report.refused_rows) == ([], 0, 1)
    assert "does not name its present address" in report.notes[0].reason


def test_pictures_that_are_not_named_stay(app: Flask) -> None:
    product = shirt()
    with write_transaction() as session:
        places = enumerate(("a.jpg", "b.jpg"), 1)
        product.images = [ProductImage(position=n, source=source, digest="d" * 32) for n, source in places]
        session.flush()
        product.variants[0].image_id = product.images[1].id
    given = InputProduct(
        handle="tee",
        pictures=[InputPicture(source="c.jpg"), InputPicture(source="a.jpg", position=1, alt="A tee")],
        has_picture_column=True,
    )
    (change,), _ = plan(given)
    assert [(p.action, p.source) for p in change.pictures] == [("create", "c.jpg"), ("update", "a.jpg")]
    assert change.pictures[0].fields["position"].new == 3
    assert change.pictures[1].fields == {"alt": ValueChange("", "A tee")}
    (change,), report = plan(given, remove_missing=True)
    removed = change.pictures[-1]
    assert (removed.action, removed.source, report.removed_pictures) == ("remove", "b.jpg", 1)
    assert removed.fields["digest"].old == "d" * 32
    assert of_variants(change)["TEE-S"].fields == {"picture": ValueChange("b.jpg", None)}


def test_quantity_of_an_existing_variant(app: Flask) -> None:
    """Seven are on hand. An untouched export after sales changes nothing, whatever the mode."""
    shirt()
    cases: list[tuple[str, dict[str, Any], StockChange | None]] = [
        ("keep", {"quantity": 9}, None),
        ("set", {"quantity": 9}, StockChange("set", 9, 7)),
        ("set", {"quantity": 7}, None),
        ("set", {"quantity": -3}, StockChange("set", 0, 7)),
        ("add", {"quantity": 9}, StockChange("add", 9, 7)),
        ("add", {"quantity": 0}, None),
        ("keep", {"quantity": 12, "quantity_at_export": 10}, StockChange("add", 2, 7)),
        ("set", {"quantity": 10, "quantity_at_export": 10}, None),
        ("set", {}, None),
    ]
    for mode, given, expected in cases:
        changes, report = plan(InputProduct(handle="tee", variants=[row(2, "S", **given)]), stock=mode)
        assert [v.stock for c in changes for v in c.variants] == ([expected] if expected else [])
        assert report.changed_stock == bool(expected)
        assert report.kept_quantities == (mode == "keep" and "quantity_at_export" not in given)


def test_new_variant_always_gets_its_quantity(app: Flask) -> None:
    shirt()
    (change,), _ = plan(
        InputProduct(handle="tee", variants=[row(2, "XL", price=1, quantity=4)]), stock="keep"
    )
    assert change.variants[0].stock == StockChange("set", 4)


def test_missing_quantities_ask_once(app: Flask) -> None:
    """New variants with counted stock ask; digital goods and products that exist do not."""
    shirt()
    new = InputProduct(
        handle="new", values={"title": "New"}, variants=[row(2, "S", price=1), row(3, "M", price=1)]
    )
    digital = InputProduct(handle="pdf", values={"title": "PDF"}, variants=[row(4, price=1, tracked=False)])
    existing = InputProduct(handle="tee", variants=[row(5, "S", price=1)])
    _, report = plan(new, digital, existing)
    assert "no quantity for 2 new variants" in report.missing_stock_reason()
    changes, report = plan(new, stock_missing="zero")
    assert report.missing_stock_reason() == ""
    assert changes[0].variants[0].stock == StockChange("set", 0)
    changes, _ = plan(new, stock_missing="untracked")
    assert changes[0].variants[0].fields["tracked"] == ValueChange(None, new=False)


def test_price_jumps_are_flagged(app: Flask) -> None:
    cases = [(100, 151, 1), (100, 150, 0), (100, 50, 0), (100, 49, 1), (0, 1, 1)]
    for number, (old, new, is_jump) in enumerate(cases):
        factories.make_product(slug=f"cap-{number}", variants=[{"price": old}])
        (change,), report = plan(InputProduct(handle=f"cap-{number}", variants=[row(2, price=new)]))
        assert (report.price_jumps, change.flags) == (is_jump, ["price_jump"] * is_jump)


def test_publications_are_flagged(app: Flask) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
        ({"status": "draft"}, {"status": "active"}, True),
        ({"status": "draft"}, {"status": "active", "unlisted": True}, True),
        ({"unlisted": True}, {"unlisted": False}, True),
        ({"status": "active"}, {"status": "draft"}, False),
        ({"status": "draft"}, {"unlisted": True}, False),
    ]
    for number, (before, values, is_publication) in enumerate(cases):
        factories.make_product(slug=f"cap-{number}", **before)
        (change,), report = plan(InputProduct(handle=f"cap-{number}", values=values))
        assert ("publication" in change.flags, report.publications) == (is_publication, is_publication)


def test_kept_columns_change_by_header(app: Flask) -> None:
    shirt(extra={"Fabric": "linen", "Care": "cold"})
    given = InputProduct(handle="tee", extra={"Fabric": "wool", "Care": "", "Origin": ""})
    (change,), _ = plan(given)
    assert change.fields == {
        "extra:Fabric": ValueChange("linen", "wool"),
        "extra:Care": ValueChange("cold", None),
    }


def test_category_is_compared_by_path(app: Flask) -> None:
    shirt(category=factories.make_category("Tea & more", "Green tea"))
    assert plan(InputProduct(handle="tee", category=("tea and more", "Green  tea")))[0] == []
    (change,), _ = plan(InputProduct(handle="tee", category=()))
    assert change.fields == {"category": ValueChange(["Tea & more", "Green tea"], [])}


def test_many_refused_rows_stop() -> None:
    for count, of, stops in ((21, 100, True), (20, 50, False), (21, 105, False), (400, 500, True)):
        assert bool(PlanReport(refused_rows=count, rows=of).stop_reason()) == stops
        assert bool(PlanReport(removed_variants=count, shop_variants=of).stop_reason()) == stops


def test_plan_reads_in_few_statements_and_writes_nothing(app: Flask) -> None:
    """The number of statements does not depend on the number of products in a batch."""
    for n in range(30):
        factories.make_product(f"Cup {n}", slug=f"cup-{n}", variants=[{"sku": f"CUP-{n}"}])

    def statements_of(count: int) -> list[str]:
        inputs = [
            InputProduct(
                handle=f"cup-{n}",
                values={"option_names": ["Size"]},
                variants=[row(n, code=f"CUP-{n}"), row(n, "S", label=f"NEW-{n}", price=1, quantity=1)],
            )
            for n in range(count)
        ]
        with statements() as seen:
            changes, _ = plan(*inputs)
        assert len(changes) == count
        return seen

    few, many = statements_of(2), statements_of(30)
    assert len(few) == len(many) <= 9
    assert {statement.split()[0] for statement in many} == {"SELECT"}
