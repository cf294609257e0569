"""What the API says and takes, as declared types: validation, answers and the OpenAPI document are made of these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct, structs

Band = Literal["in", "low", "out"]
Status = Literal["draft", "active", "archived"]
MAX_AMOUNT = 10**12  # minor units; also in yen more than anything costs


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units (cents, yen) and its ISO 4217 currency."""

    amount: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class CategoryRef(Struct, frozen=True):
    """A category by its path, which is the slugs from the top down."""

    path: str
    name: str


class Category(Struct, frozen=True):
    """A category; `products` is how many active ones are in it and below."""

    path: str
    name: str
    products: int


class CategoryDetail(Struct, frozen=True):
    """A category with those above it, from the top down, and those right below it."""

    path: str
    name: str
    products: int
    parents: list[CategoryRef]
    children: list[Category]


class CategoryList(Struct, frozen=True):
    """A page of all categories that hold products, in the order of their paths."""

    items: list[Category]
    page: int
    pages: int
    total: int


class Variant(Struct, frozen=True):
    """One buyable form of a product. `stock` is null where it is not told, or not counted."""

    sku: str
    options: dict[str, str]
    price: Price
    compare_at_price: Price | None
    stock: int | None
    band: Band


class Image(Struct, frozen=True):
    """A picture; width and height in pixels."""

    url: str
    alt: str
    width: int
    height: int


class Product(Struct, frozen=True):
    """A product. `price` is the lowest of its variants, `stock` what can be bought now of all of them together."""

    id: int
    slug: str
    title: str
    description_html: str
    vendor: str
    category: CategoryRef | None
    status: Status
    price: Price | None
    stock: int | None
    variants: list[Variant]
    images: list[Image]
    updated_at: str


# A product in a list, of which `fields` may have asked for less.
ListedProduct: Any = defstruct(
    "ListedProduct",
    [(field.name, field.type | UnsetType, UNSET) for field in structs.fields(Product)],
    frozen=True,
)


class ProductList(Struct, frozen=True):
    """A page of a list of products."""

    items: list[ListedProduct]
    page: int
    pages: int
    total: int


class Fault(Struct, frozen=True, omit_defaults=True):
    """What is wrong with one part of a request: a member of its body, or a parameter of its address."""

    detail: str
    pointer: str | None = None  # RFC 6901, into the body
    parameter: str | None = None


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem as RFC 9457 has it."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    errors: list[Fault] = []
