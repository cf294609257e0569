"""The planner: compares what a source says with the shop, and makes a change of each product. It writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from storefront.change_sets.changes import ProductChange
from storefront.change_sets.codes import Claims, CodeMaker, NewVariant
from storefront.change_sets.differences import DifferenceFinder, count_change
from storefront.change_sets.inputs import InputProduct, InputVariant, RefusedRow
from storefront.change_sets.matching import MatchedRow, VariantMatches, match_variants
from storefront.change_sets.plan_options import PlanOptions
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.product_matching import ProductMatch, ProductMatcher
from storefront.change_sets.shop_products import ShopProduct, ShopProducts
from storefront.extensions import db
from storefront.pauses import pause_between

# A batch ends with the first of them: so many products, or so many rows.
MAX_PRODUCTS, MAX_ROWS = 200, 2_000


@dataclass(slots=True)
class _Planned:
    """An input whose product and variants are known."""

    given: InputProduct
    product: ShopProduct | None
    slug: str
    is_partial: bool
    is_exact: bool
    matches: VariantMatches = field(init=False)


class Planner:
    """Plans the changes that make the shop what a source says.

    The shop is read in batches, with a number of statements per batch that does not depend on the number of products,
    each batch on a connection of its own: the caller may write between two changes. Memory does not grow with the
    source, but for the ids of products that are found by something else than their address.

    Args:
        options: the choices of the import.

    Attributes:
        report: counts and problems so far; complete when the changes have been consumed.

    """

    def __init__(self, options: PlanOptions) -> None:
        self.report = PlanReport()
        self._options = options
        self._matcher = ProductMatcher(
            options.is_handle_in_file, lambda label: options.times_in_file(label) <= 1
        )
        self._finder = DifferenceFinder(options, self.report)
        # Product id: whether others may follow (see ProductMatch).
        self._found_otherwise: dict[int, bool] = {}

    def plan(self, inputs: Iterable[InputProduct]) -> Iterator[ProductChange]:
        """Yield the change of each product that changes, in the order of the source. Call it once."""
        codes, addresses = CodeMaker(self._options.times_in_file), Claims()
        try:
            for batch in _batches(inputs):
                with db.engine.connect() as connection:
                    changes = self._plan_batch(connection, batch, codes, addresses)
                yield from changes
        finally:
            codes.close()
            addresses.close()

    def _plan_batch(
        self, connection: Connection, batch: list[InputProduct], codes: CodeMaker, addresses: Claims
    ) -> list[ProductChange]:
        usable = [given for given in batch if self._accept(given)]
        shop = self._matcher.read(connection, usable)
        planned = list(pause_between(self._match_products(usable, shop, addresses)))
        planned = [one for one in pause_between(planned) if self._match_variants(one, shop)]
        new = [(row, one.slug) for one in planned for row in one.matches.rows if row.variant is None]
        wanted = [_describe(row, slug) for row, slug in new]
        for (row, _), code in zip(new, codes.make(connection, wanted), strict=True):
            row.code = code
        return [change for one in pause_between(planned) if (change := self._compare(one))]

    def _accept(self, given: InputProduct) -> bool:
        rows = _count_rows(given)
        self.report.rows += rows
        for note in given.notes:
            self.report.note(*note)
        if given.problem:
            self.report.refuse(given.line, given.problem_column, given.problem, rows=rows)
        return not given.problem

    def _match_products(
        self, inputs: list[InputProduct], shop: ShopProducts, addresses: Claims
    ) -> Iterator[_Planned]:
        """Yield each input with its product; inputs of rows that share a product by code or label become one."""
        by_product: dict[int, _Planned] = {}
        for given in inputs:
            match = self._matcher.match(given, shop)
            product = match.product
            problem = match.problem or self._find_problem(given, match, addresses)
            if problem:
                self._refuse_product(given, problem)
            elif product is not None and match.is_partial and product.id in by_product:
                _merge(by_product[product.id].given, given)
            else:
                one = _Planned(given, product, match.slug, match.is_partial, match.is_exact)
                if product is not None and match.is_partial:
                    by_product[product.id] = one
                yield one

    def _find_problem(self, given: InputProduct, match: ProductMatch, addresses: Claims) -> str:
        """Return why a product cannot be created, or was named before."""
        if match.product is not None:
            may_follow = self._found_otherwise.get(match.product.id, match.is_partial)
            if match.product.id in self._found_otherwise and not (may_follow and match.is_partial):
                return f"an earlier row of the file is about the same product of the shop, {match.product.slug!r}"
            if not match.is_exact:
                self._found_otherwise[match.product.id] = match.is_partial
            return ""
        if not given.values.get("title"):
            name = repr(given.handle) if given.handle else "of this row"
            return f"there is no product {name} in the shop, and a new one needs a title"
        if not addresses.claim(match.slug):
            return f"the file has another product for the address {match.slug!r}; give it a handle of its own"
        return ""

    def _match_variants(self, one: _Planned, shop: ShopProducts) -> bool:
        """Match the variants; return whether the product can be used."""
        removes = self._removes(one) and one.given.has_option_columns
        one.matches = match_variants(
            one.given,
            one.product,
            shop.code_owners,
            removes=removes,
            is_code_in_file=self._options.is_code_in_file,
        )
        self.report.shop_variants += len(one.product.variants) if one.product else 0
        if one.matches.problem:
            self._refuse_product(one.given, one.matches.problem)
            return False
        for row in one.matches.refused:
            self.report.refuse(row.line, row.column, row.reason)
        if one.product is None and not one.matches.rows:
            title = one.given.values["title"]
            self.report.refuse(
                one.given.line,
                "Price",
                f"{title!r} has no row that can be used as a variant; it needs a price",
                rows=0,
            )
            return False
        if one.product is not None and not one.is_exact and self._options.remove_missing:
            reason = f"nothing of {one.product.slug} is removed, because the file does not name its present address"
            self.report.note(one.given.line, "URL handle", reason)
        for variant in one.matches.staying if removes else ():
            if variant.reserved:
                self.report.note(0, "", f"{variant.sku} stays: shoppers have reserved {variant.reserved}")
        return True

    def _removes(self, one: _Planned) -> bool:
        """Return whether what the source leaves out of a product is removed.

        Of a product that was found by something else than its address the source may have more rows.
        """
        return self._options.remove_missing and one.is_exact

    def _compare(self, one: _Planned) -> ProductChange | None:
        if one.product is None:
            change: ProductChange | None = self._finder.create(one.given, one.slug, one.matches)
            self.report.created += 1
        else:
            removes = self._removes(one)
            change = self._finder.compare(one.given, one.product, one.slug, one.matches, removes=removes)
            self.report.changed += change is not None
            self.report.left += change is None
        if change is not None:
            count_change(self.report, change)
        return change

    def _refuse_product(self, given: InputProduct, reason: str) -> None:
        for row in given.refused:
            self.report.refuse(row.line, row.column, row.reason)
        self.report.refuse(given.line, "URL handle", reason, rows=_count_rows(given) - len(given.refused))


def _count_rows(given: InputProduct) -> int:
    return given.rows or len(given.variants) + len(given.refused)


def _batches(inputs: Iterable[InputProduct]) -> Iterator[list[InputProduct]]:
    batch: list[InputProduct] = []
    rows = 0
    for given in inputs:
        batch.append(given)
        rows += len(given.variants)
        if len(batch) >= MAX_PRODUCTS or rows >= MAX_ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _describe(row: MatchedRow, slug: str) -> NewVariant:
    return NewVariant(row.given.code, row.given.values.get("label", ""), slug, row.options)


def _merge(first: InputProduct, other: InputProduct) -> None:
    """Add to an input what another one says of the same product."""
    first.rows = _count_rows(first) + _count_rows(other)
    variants: list[InputVariant] = [*first.variants, *other.variants]
    refused: list[RefusedRow] = [*first.refused, *other.refused]
    first.variants, first.refused = variants, refused
    first.values = first.values | other.values
    first.extra = first.extra | other.extra
    first.pictures = [*first.pictures, *other.pictures]
    first.category = first.category if other.category is None else other.category
    first.further = first.further if other.further is None else other.further
