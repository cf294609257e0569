"""Read and set the fields of products, variants and pictures by the names that changes use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import shop_settings
from storefront.catalog import categories, slug_change
from storefront.catalog.models import Category, Product, ProductImage, Variant
from storefront.catalog.publication import MOMENTS, has_passed, set_status
from storefront.change_sets.changes import ValueChange
from storefront.change_sets.field_texts import show_value
from storefront.change_sets.results import Left
from storefront.stock import StockItem

EXTRA = "extra:"


class FieldError(ValueError):
    """A field cannot take a value; the text says why."""


class Fields(Protocol):
    """The fields of one row."""

    def get(self, name: str) -> Any:
        """Return the present value."""

    def set(self, name: str, value: Any) -> None:
        """Set the value. Raises FieldError if the field cannot have it."""


def move_fields(
    fields: Fields, changes: Mapping[str, ValueChange], subject: str, left: list[Left]
) -> list[str]:
    """Set each field that has its old value to its new value; return the names of those that were set.

    A field that has neither its old nor its new value was changed by somebody else: it is added to `left`.
    """
    done = []
    for name, change in changes.items():
        now = fields.get(name)
        if is_same(now, change.new):
            continue
        if not is_same(now, change.old):
            left.append(describe_conflict(subject, name, now, change))
            continue
        try:
            fields.set(name, change.new)
        except FieldError as error:
            left.append(Left(subject, name, str(error)))
        else:
            done.append(name)
    return done


def swap(changes: Mapping[str, ValueChange], names: Iterable[str]) -> dict[str, ValueChange]:
    """Return the opposite changes of the named fields: what undoes them."""
    return {name: ValueChange(changes[name].new, changes[name].old) for name in names}


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values mean the same: a missing text, list and mapping is empty."""
    return one == other or (one in (None, "", [], {}) and other in (None, "", [], {}))


def first_changed(
    fields: Fields, row: Product | Variant | ProductImage, changes: Mapping[str, ValueChange]
) -> str:
    """Return the first field of a created row that somebody has changed or filled in since; empty if none."""
    for name, change in changes.items():
        if not is_same(fields.get(name), change.new):
            return name
    return _first_added(row, changes)


def _first_added(row: Product | Variant | ProductImage, changes: Mapping[str, ValueChange]) -> str:
    """Return the first field that the change did not name and that somebody has filled in.

    Columns whose values follow from other rows, such as a position, do not count.
    """
    if kept := next((header for header in row.extra if EXTRA + header not in changes), ""):
        return kept
    if isinstance(row, Product):
        if row.category_id is not None and "category" not in changes:
            return "category"
        if row.further_category_ids and "further_categories" not in changes:
            return "further_categories"
    for name in _FILLED_IN[type(row)]:
        given = row.__table__.c[name].default
        default = given.arg if given is not None else None
        if name not in changes and getattr(row, name) != ([] if callable(default) else default):
            return name
    return ""


# Columns with a fixed default, or with an empty list, that people fill in.
_FILLED_IN: Mapping[type, tuple[str, ...]] = {
    Product: (
        "description_html",
        "vendor",
        "product_type",
        "tags",
        *MOMENTS,
        "unlisted",
        "seo_title",
        "seo_description",
    ),
    Variant: ("barcode", "weight_grams", "backorder", "requires_shipping", "taxable"),
    ProductImage: ("alt",),
}


def describe_conflict(subject: str, name: str, now: Any, change: ValueChange) -> Left:
    """Return that a field was left because somebody else has changed it, with its value and the one expected."""
    currency = shop_settings.current().currency
    is_now, expected = (_quote(value, show_value(name, value, currency)) for value in (now, change.old))
    reason = f"it is {is_now} now, not {expected}: somebody changed it, so it was left"
    return Left(subject, name, reason)


def _quote(value: Any, shown: str) -> str:
    return f"'{shown}'" if value and isinstance(value, str) else shown


def new_values(fields: Mapping[str, ValueChange]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the new values of columns, and the kept columns, of a row that is created."""
    values = {name: change.new for name, change in fields.items() if not name.startswith(EXTRA)}
    extra = {n.removeprefix(EXTRA): c.new for n, c in fields.items() if n.startswith(EXTRA) and c.new}
    return values, extra


class _RowFields:
    """Fields that are columns, and kept columns in `extra`."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def get(self, name: str) -> Any:
        if name.startswith(EXTRA):
            return self._row.extra.get(name.removeprefix(EXTRA), "")
        return getattr(self._row, name)

    def set(self, name: str, value: Any) -> None:
        if not name.startswith(EXTRA):
            setattr(self._row, name, value)
            return
        header = name.removeprefix(EXTRA)
        others = {key: kept for key, kept in self._row.extra.items() if key != header}
        self._row.extra = others | ({header: value} if value else {})


class CategoryNames:
    """The names of categories from the top down, and their ids; remembers both for one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: dict[int, tuple[str, ...]] = {}
        self._ids: dict[tuple[str, ...], int] = {}

    def names_of(self, category_id: int | None) -> list[str]:
        """Return the names of a category and of those above it; empty for None, the root, and one that is gone."""
        if category_id is None:
            return []
        if category_id not in self._names:
            with self._session.no_autoflush:
                node = self._session.get(Category, category_id)
            if node is None or not node.path:
                return []
            self._names[category_id] = (*self.names_of(node.parent_id), node.name)
        return list(self._names[category_id])

    def id_of(self, names: Iterable[str] | None) -> int | None:
        """Return the id of the category with these names, which is created if it is missing; None without names."""
        path = tuple(names or ())
        if not path:
            return None
        if path not in self._ids:
            self._ids[path] = categories.get_or_create(self._session, path).id
        return self._ids[path]

    def ids_of(self, places: Iterable[Iterable[str]] | None) -> list[int]:
        """Return the ids of several categories, each once."""
        found = (self.id_of(names) for names in places or ())
        return list(dict.fromkeys(key for key in found if key is not None))


class ProductFields(_RowFields):
    """The fields of a product: columns, `category` (names), `further_categories` and `slug` (leaves a redirect)."""

    def __init__(self, session: Session, product: Product, names: CategoryNames) -> None:
        super().__init__(product)
        self._session, self._product, self._names = session, product, names

    def get(self, name: str) -> Any:
        """Return the present value."""
        if name == "category":
            return self._names.names_of(self._product.category_id)
        if name == "further_categories":
            return list(filter(None, map(self._names.names_of, self._product.further_category_ids)))
        return super().get(name)

    def set(self, name: str, value: Any) -> None:
        """Set the value; an address that another product has, or a moment that has passed, is a FieldError."""
        if name == "category":
            self._product.category_id = self._names.id_of(value)
        elif name == "further_categories":
            self._product.further_category_ids = self._names.ids_of(value)
        elif name == "status":
            set_status(self._product, value)
        elif name in MOMENTS:
            if value and has_passed(value):
                raise FieldError("this moment has passed")
            super().set(name, value)
        elif name == "slug":
            taken = select(Product.id).where(Product.slug == value)
            if self._session.execute(taken).first():
                raise FieldError(f"another product has the address {value!r}")
            slug_change.change_slug(self._session, self._product, value)
        else:
            super().set(name, value)


class VariantFields(_RowFields):
    """The fields of a variant: columns, `tracked` (of its stock) and `picture` (a source)."""

    def __init__(
        self, variant: Variant, item: StockItem | None, picture_of: Callable[[str], ProductImage | None]
    ) -> None:
        super().__init__(variant)
        self._variant, self._item, self._picture_of = variant, item, picture_of

    def get(self, name: str) -> Any:
        """Return the present value."""
        if name == "tracked":
            return self._item.tracked if self._item else True
        if name == "low_threshold":
            return self._item.low_threshold if self._item else 5
        if name == "picture":
            return self._variant.image.source if self._variant.image else ""
        return super().get(name)

    def set(self, name: str, value: Any) -> None:
        """Set the value; a picture that the product does not have is a FieldError."""
        if name == "tracked":
            if self._item is None:
                raise FieldError("it has no stock row")
            self._item.tracked, self._item.version = value, self._item.version + 1
        elif name == "picture":
            image = self._picture_of(value) if value else None
            if value and image is None:
                raise FieldError(f"the product has no picture {value!r}")
            self._variant.image = image
        else:
            super().set(name, value)


class PictureFields(_RowFields):
    """The fields of a picture: columns and kept columns."""

    def __init__(self, image: ProductImage) -> None:
        super().__init__(image)

    def set(self, name: str, value: Any) -> None:
        """Set the value; the text that a new picture did not have is an empty one."""
        super().set(name, "" if name == "alt" and value is None else value)
