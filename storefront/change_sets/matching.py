"""Which variants of a product an input's rows mean, which rows are refused, and which variants the source leaves out.

A row finds its variant by our own code; else by its option values; else by a label that is unique within the product,
in the source and in the shop (the variant's options are renamed then; its stock and history stay). A row without
option values means the only variant of its product. Option values are compared in NFC; first with case, then without
it if one row and one variant differ by nothing else. "Blue" and "Blue!" are two variants.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from storefront.catalog.option_texts import join_values
from storefront.change_sets.inputs import InputProduct, InputVariant, RefusedRow
from storefront.change_sets.option_columns import NO_OPTIONS, OptionColumns, Options, fold_value
from storefront.change_sets.shop_products import ShopProduct, ShopVariant

OPTION_COLUMN = "Option1 value"


def _unknown(_code: str) -> bool:
    return False


@dataclass(slots=True)
class MatchedRow:
    """A row that can be used: its variant (None: a new one), and the option values after the change."""

    given: InputVariant
    variant: ShopVariant | None
    options: Options = NO_OPTIONS
    code: str = ""


@dataclass(slots=True)
class VariantMatches:
    """The result for one product.

    Attributes:
        columns: where the input's option values belong.
        rows: the rows that can be used, in the order of the source.
        refused: the rows that cannot.
        left_out: variants that the source leaves out and that no refused row may mean.
        staying: the other variants without a row.
        problem: why the product as a whole cannot be used; empty if it can.
    """

    columns: OptionColumns
    rows: list[MatchedRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    left_out: list[ShopVariant] = field(default_factory=list)
    staying: list[ShopVariant] = field(default_factory=list)
    problem: str = ""


def match_variants(
    given: InputProduct,
    product: ShopProduct | None,
    code_owners: dict[str, int],
    *,
    removes: bool,
    is_code_in_file: Callable[[str], bool] = _unknown,
) -> VariantMatches:
    """Match the rows of an input to the variants of its product.

    Args:
        given: what the source says.
        product: the shop's product; None if it is a new one.
        code_owners: ids of products by code, for codes in the source.
        removes: whether variants that the source leaves out are removed.
        is_code_in_file: whether any row of the source has this code. Such a row may be one of another product, which
            refuses it; its variant stays.
    """
    matcher = _VariantMatcher(given, product, code_owners, removes=removes)
    matcher.is_code_in_file = is_code_in_file
    return matcher.match()


class _VariantMatcher:
    """Matches the rows of one product."""

    def __init__(
        self, given: InputProduct, product: ShopProduct | None, code_owners: dict[str, int], *, removes: bool
    ) -> None:
        self._given, self._product, self._code_owners, self._removes = given, product, code_owners, removes
        self._variants = list(product.variants) if product else []
        self._columns = OptionColumns(_option_names(product), given.values.get("option_names"))
        self._rows = [row for row in given.variants if not _says_nothing(row)]
        self._found: dict[int, ShopVariant] = {}  # by index of the row
        self._claimed: dict[int, int] = {}  # line by id of the variant
        self._refused: dict[int, RefusedRow] = {}
        self.is_code_in_file: Callable[[str], bool] = _unknown

    def match(self) -> VariantMatches:
        """Return the matches."""
        self._match_codes()
        if self._variants:
            self._match_options(with_case=True)
            self._match_options(with_case=False)
            self._match_labels()
            self._match_only_variant()
        result = VariantMatches(self._columns)
        result.problem = self._find_problem()
        if result.problem:
            return result
        for index in range(len(self._rows)):
            if index not in self._found and index not in self._refused:
                self._check_new(index)
        self._resolve_conflicts(result)
        return result

    def _match_codes(self) -> None:
        by_code = {variant.sku: variant for variant in self._variants}
        own_id = self._product.id if self._product else None
        for index, row in enumerate(self._rows):
            if row.code in by_code:
                self._claim(index, by_code[row.code])
            elif self._code_owners.get(row.code, own_id) != own_id:
                self._refuse(index, "Variant code", _foreign_code(row.code))

    def _match_options(self, *, with_case: bool) -> None:
        """Match rows by option values. A second row with the same values is refused."""
        variants: dict[int, dict[tuple[str, ...], list[ShopVariant]]] = {}
        for (width, key), indexes in self._rows_by_options(with_case=with_case).items():
            if width not in variants:
                by_key = variants[width] = defaultdict(list)
                for variant in self._variants:
                    by_key[_cased(self._columns.select(variant.options, width), with_case=with_case)].append(
                        variant
                    )
            candidates = variants[width].get(key, [])
            if len(candidates) != 1 or candidates[0].id in self._claimed:
                continue  # a claimed variant was found by its code and may get other values: see the conflicts
            if not with_case and len(indexes) > 1:
                continue  # rows that differ by nothing but case are variants of their own
            for index in indexes:
                self._claim(index, candidates[0])

    def _rows_by_options(self, *, with_case: bool) -> dict[tuple[int, tuple[str, ...]], list[int]]:
        """Return the open rows with option values, by the number of values that count and the values."""
        rows = defaultdict(list)
        for index in self._open_rows():
            if any(options := self._rows[index].options or ()):
                width = len(self._columns.select(NO_OPTIONS, len(options)))
                folded = tuple(fold_value(value) for value in options[:width])
                rows[width, _cased(folded, with_case=with_case)].append(index)
        return rows

    def _match_labels(self) -> None:
        in_source = Counter(row.values.get("label", "") for row in self._rows)
        in_source.update(row.label for row in self._given.refused)
        in_shop = Counter(variant.label for variant in self._variants)
        by_label = {variant.label: variant for variant in self._variants if in_shop[variant.label] == 1}
        for index in self._open_rows():
            label = self._rows[index].values.get("label", "")
            variant = by_label.get(label) if label and in_source[label] == 1 else None
            if variant is not None and variant.id not in self._claimed:
                self._claim(index, variant)

    def _match_only_variant(self) -> None:
        if len(self._variants) == 1:
            for index in self._open_rows():
                if not any(self._rows[index].options or ()):
                    self._claim(index, self._variants[0])

    def _find_problem(self) -> str:
        """Return why no variant can be known, if the source names no options and the shop's product has several."""
        unknown = [index for index in self._open_rows() if not any(self._rows[index].options or ())]
        if not unknown or self._found or not self._variants:
            return ""
        names = " and ".join(filter(None, self._columns.names)) or "several variants"
        return (
            f"the product has options ({names}) and {len(self._variants)} variants, and the row names no option "
            "values, so that its variant is not known; add the columns of options, or SKUs that are unique"
        )

    def _check_new(self, index: int) -> None:
        """Refuse a row without a variant that cannot become a new one."""
        row = self._rows[index]
        values = [value for value in row.options or () if value]
        missing = self._columns.missing(len(row.options or ()))
        if self._product and self._variants and not values:
            label = row.values.get("label", "")
            which = f"its SKU {label!r}" if label else "its SKU"
            reason = f"the row names no option values, and {which} leads to no single variant of the product"
            self._refuse(index, OPTION_COLUMN, reason)
        elif self._product and values and missing:
            reason = f"no single variant has these values; add the value of {' and '.join(missing)}"
            self._refuse(index, OPTION_COLUMN, reason)
        elif row.values.get("price") is None:
            self._refuse(index, "Price", "is missing: a new variant needs a price")

    def _resolve_conflicts(self, result: VariantMatches) -> None:
        """Refuse rows whose option values another variant has after the change, until none is left."""
        while True:
            result.refused = [*self._given.refused, *self._refused.values()]
            without_row = [variant for variant in self._variants if variant.id not in self._claimed]
            protected = _protected(result.refused, self._variants, self._columns, set(self._claimed))
            removes = self._removes and len(self._refused) < len(self._rows)
            # Open orders and baskets need the variants that they have reserved.
            stays = {
                v.id
                for v in without_row
                if not removes or v.id in protected or v.reserved or self.is_code_in_file(v.sku)
            }
            result.left_out = [variant for variant in without_row if variant.id not in stays]
            result.staying = [variant for variant in without_row if variant.id in stays]
            if not self._refuse_conflicts(result):
                return

    def _refuse_conflicts(self, result: VariantMatches) -> bool:
        """Set the rows of the result; refuse those in conflict, and return whether there were any."""
        taken: dict[Options, str] = {}
        for variant in (*result.staying, *(self._found[n] for n in self._refused if n in self._found)):
            taken[_key(self._columns.move(variant.options))] = f"the variant {variant.sku}"
        rows = {index: self._place(index) for index in range(len(self._rows)) if index not in self._refused}
        conflicts = False
        for index in sorted(rows, key=lambda index: not self._keeps_options(rows[index])):
            row = rows[index]
            if (
                holder := taken.setdefault(_key(row.options), f"line {row.given.line}")
            ) != f"line {row.given.line}":
                values = join_values(row.options) or "a product without options"
                self._refuse(
                    index, OPTION_COLUMN, f"{values} is there already: {holder} has the same option values"
                )
                conflicts = True
        result.rows = list(rows.values())
        return conflicts

    def _place(self, index: int) -> MatchedRow:
        row, found = self._rows[index], self._found.get(index)
        return MatchedRow(
            row, found, self._columns.place(row.options or (), found.options if found else NO_OPTIONS)
        )

    def _keeps_options(self, row: MatchedRow) -> bool:
        return row.variant is not None and row.options == self._columns.move(row.variant.options)

    def _open_rows(self) -> list[int]:
        return [n for n in range(len(self._rows)) if n not in self._found and n not in self._refused]

    def _claim(self, index: int, variant: ShopVariant) -> None:
        if variant.id in self._claimed:
            line = self._claimed[variant.id]
            self._refuse(index, OPTION_COLUMN, f"line {line} names the same variant ({variant.sku}) already")
            return
        self._found[index], self._claimed[variant.id] = variant, self._rows[index].line

    def _refuse(self, index: int, column: str, reason: str) -> None:
        row = self._rows[index]
        label = row.values.get("label", "")
        self._refused[index] = RefusedRow(
            line=row.line, column=column, reason=reason, code=row.code, label=label, options=row.options
        )


def _protected(
    refused: Iterable[RefusedRow], variants: list[ShopVariant], columns: OptionColumns, claimed: set[int]
) -> set[int]:
    """Return the ids of variants that refused rows may mean: all of them, if a row leads to none without a row."""
    protected: set[int] = set()
    for row in refused:
        values = tuple(fold_value(value).casefold() for value in row.options or ())
        meant = set()
        for variant in variants:
            own = tuple(value.casefold() for value in columns.select(variant.options, len(values)))
            if (
                variant.sku == row.code
                or (row.label and variant.label == row.label)
                or (any(values) and own == values[: len(own)])
            ):
                meant.add(variant.id)
        if not meant - claimed:
            return {variant.id for variant in variants}
        protected |= meant
    return protected


def _foreign_code(code: str) -> str:
    return (
        f"{code!r} belongs to another product of the shop; empty the cell if the row is about a new variant, "
        "as in a file from another shop"
    )


def _option_names(product: ShopProduct | None) -> list[str]:
    """Return the product's option names, and texts for columns that have values without a name."""
    if product is None:
        return []
    names = list(product.columns["option_names"])
    used = max((n for v in product.variants for n in range(1, 4) if v.options[n - 1]), default=0)
    return names + [f"Option {n}" for n in range(len(names) + 1, used + 1)]


def _says_nothing(row: InputVariant) -> bool:
    """Return whether a row has nothing to say of a variant, as in a file of columns of products."""
    return not (
        row.code
        or any(row.options or ())
        or row.values
        or row.extra
        or row.picture
        or row.quantity is not None
        or row.options == ()
    )


def _cased(values: tuple[str, ...], *, with_case: bool) -> tuple[str, ...]:
    return values if with_case else tuple(value.casefold() for value in values)


def _key(options: Options) -> Options:
    one, two, three = map(fold_value, options)
    return one, two, three
