"""What the readers of all kinds of catalogue files have in common: rows are grouped by product, then read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from storefront.catalog.slugs import plain_handle_slug
from storefront.catalog_files.number_columns import NumberColumns, NumberKind
from storefront.catalog_files.product_columns import ColumnLayout, ProductRow
from storefront.catalog_files.row_spool import MAX_ROWS, SpooledRow
from storefront.change_sets.inputs import InputProduct, RefusedRow
from storefront.money import minor_units
from storefront.sheets import cells
from storefront.sheets.flags import parse_flag

# What the key of a row begins with that names a variant only, such as by its SKU.
UNNAMED_KEY = "\0"


QUOTED_HANDLE = "the handle has a quotation mark; write it without one"


class UnusableProductError(Exception):
    """The product as a whole cannot be used."""

    def __init__(self, line: int, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.line, self.column = line, column


class UnusableCellError(Exception):
    """A cell of a variant's row cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


class FileReader(ABC):
    """Reads one file: first all rows go through `spool_row`, then `decide_numbers`, then each product is read.

    Args:
        header: the headers of the file.
        currency: of the file's prices: the shop's.
        name_of: see `ColumnLayout`.

    Attributes:
        layout: the columns of the file.
        is_incomplete: whether any row is damaged or names neither a handle nor a title: it may be about any product,
            so that none is known to be complete, and nothing is removed.
    """

    # What kind of number a column holds, by our name of the column.
    numbers: dict[str, NumberKind]
    # Whether the file is a count of what is on hand: then it sets the stock of products that exist.
    sets_stock = False
    # How headers of another language were read, such as "Preis → Price"; empty if none were.
    read_as = ""

    def __init__(self, header: Sequence[str], currency: str, name_of: Callable[[str], str | None]) -> None:
        self.layout = ColumnLayout(header, name_of)
        self.is_incomplete = False
        self._number_columns = NumberColumns(self.numbers, minor_units(currency), currency)

    @property
    def kept(self) -> list[str]:
        """The headers of columns that the shop keeps without using them."""
        return self.layout.kept

    def spool_row(self, line: int, written: list[str], damage: str) -> SpooledRow | None:
        """Return the row with the key of its product, or None if it names no product."""
        row = self.layout.read(line, written, damage)
        handle = row.cells.get("handle", "")
        if '"' in handle:  # its rows are those of the handle without the quote
            row.cells["handle"] = handle.replace('"', "")
            damage = damage or QUOTED_HANDLE
        if not damage:
            self._number_columns.add(row)
        key = self.product_key(row)
        if damage or not key or key.startswith(UNNAMED_KEY):
            self.is_incomplete = True
        key = key or (f"{UNNAMED_KEY}{line}" if damage else "")
        if not key:
            return None
        own_code = cells.clean_identifier(row.cells.get("code", ""))
        return SpooledRow(
            line, written, damage, key, self.codes(row), own_code, self.aliases(row), self.plain_key(row)
        )

    def decide_numbers(self, delimiter: str) -> None:
        """Decide for each column how its numbers are written, when all rows have been seen."""
        self._number_columns.decide(delimiter)

    def read(self, spooled: Sequence[SpooledRow], *, is_cut: bool = False) -> InputProduct:
        """Return what the rows of one product say; `is_cut` if it has more rows than these."""
        rows = [self.layout.read(row.line, row.cells, row.damage) for row in spooled]
        product = InputProduct(line=rows[0].line, rows=len(rows))
        try:
            self.read_address(product, rows)
            if product.exact_handle:  # the spool knows whether another handle of the file has the plain slug
                product.handle = product.new_slug = spooled[0].key
            if is_cut:
                raise UnusableProductError(product.line, f"the product has more than {MAX_ROWS:,} rows")
            if damaged := next((row for row in rows if row.damage), None):
                raise UnusableProductError(damaged.line, damaged.damage)
            self.read_product(product, rows)
        except UnusableProductError as error:
            product.line, product.problem, product.problem_column = error.line, str(error), error.column
            product.variants, product.pictures = [], []
        return product

    @abstractmethod
    def product_key(self, row: ProductRow) -> str:
        """Return the key of a row's product: rows with the same key are one product; empty: the row names none."""

    def codes(self, row: ProductRow) -> tuple[str, ...]:
        """Return the codes and labels that a row uses."""
        found = {cells.clean_identifier(row.cells.get(name, "")) for name in ("sku", "code")}
        return tuple(found - {""})

    def aliases(self, row: ProductRow) -> tuple[str, ...]:  # noqa: ARG002  # only some files have them
        """Return other keys by which rows name the row's product."""
        return ()

    def plain_key(self, row: ProductRow) -> str:
        """Return the plain slug of a handle with spaces; empty for other rows."""
        handle = row.cells.get("handle", "")
        return plain_handle_slug(cells.clean_text(handle)) if handle else ""

    @abstractmethod
    def read_address(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Set what identifies the product: its addresses, title and line."""

    @abstractmethod
    def read_product(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Set everything else that the rows say.

        Raises:
            UnusableProductError: the product as a whole cannot be used.
        """

    def number(self, row: ProductRow, name: str) -> int | None:
        """Return the number in a cell (see `NumberColumns.read`); None if the cell is empty.

        Raises:
            UnusableCellError: the cell is not a number.
        """
        cell = row.cells.get(name)
        if not cell or not cell.strip():
            return None
        try:
            return self._number_columns.read(name, cell)
        except ValueError as error:
            raise UnusableCellError(name, str(error)) from error

    def flag(self, row: ProductRow, name: str) -> bool | None:
        """Return the value of a yes/no cell; None if it is empty.

        Raises:
            UnusableCellError: the cell is no word for yes or no.
        """
        cell = row.cells.get(name)
        if not cell or not cells.clean_text(cell):
            return None
        try:
            return parse_flag(cell)
        except ValueError as error:
            raise UnusableCellError(name, str(error)) from error

    def product_flag(self, row: ProductRow, name: str) -> bool | None:
        """Like `flag`, for a column of the product.

        Raises:
            UnusableProductError: the cell is no word for yes or no.
        """
        try:
            return self.flag(row, name)
        except UnusableCellError as error:
            raise UnusableProductError(row.line, str(error), self.layout.header(name)) from error

    def note(self, product: InputProduct, line: int, name: str, text: str) -> None:
        """Record that a value was read differently from what is written."""
        product.notes.append((line, self.layout.header(name), text))

    def refuse(
        self,
        product: InputProduct,
        row: ProductRow,
        error: UnusableCellError,
        options: tuple[str, ...] | None = None,
    ) -> None:
        """Record that the row of a variant cannot be used."""
        product.refused.append(
            RefusedRow(
                line=row.line,
                column=self.layout.header(error.name),
                reason=str(error),
                code=cells.clean_identifier(row.cells.get("code", "")),
                label=cells.clean_identifier(row.cells.get("sku", "")),
                options=options,
            )
        )
