"""What the API says and takes, as declared types: validation, answers and the OpenAPI document are made of these."""

from __future__ import annotations

from datetime import datetime
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


NO_CONTROL_CHARACTERS = (
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"  # no control characters but tab and the ends of lines
)
ShortText = Annotated[str, Meta(max_length=255, pattern=NO_CONTROL_CHARACTERS)]
Sku = Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_CONTROL_CHARACTERS)]
Stock = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Title = Annotated[str, Meta(min_length=1, max_length=500, pattern=NO_CONTROL_CHARACTERS)]
Slug = Annotated[str, Meta(max_length=200, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
Html = Annotated[str, Meta(max_length=200_000, pattern=NO_CONTROL_CHARACTERS)]
OptionName = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_CONTROL_CHARACTERS)]
Sentence = Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_CONTROL_CHARACTERS)]
Options = Annotated[dict[OptionName, Sentence], Meta(max_length=3)]


class CategoryInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A category, by the path that it has; the name may be sent back, and is not looked at."""

    path: Annotated[str, Meta(min_length=1, max_length=2000, pattern=NO_CONTROL_CHARACTERS)]
    name: Annotated[str, Meta(pattern=NO_CONTROL_CHARACTERS)] | None = None


class VariantInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A variant as `PUT` takes it. `stock` null leaves the stock as it is; `band` is not looked at."""

    sku: Sku
    price: Price
    options: Options = {}
    compare_at_price: Price | None = None
    stock: Stock | None = None
    band: Band | None = None


class VariantPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change of the variant with this SKU."""

    sku: Sku
    price: Price | UnsetType = UNSET
    options: Options | UnsetType = UNSET
    compare_at_price: Price | UnsetType | None = UNSET
    stock: Stock | None = None
    band: Band | None = None


class _ReadOnlyMembers(Struct, frozen=True):
    """Members of an answer that may be sent back, and are not looked at."""

    id: int | None = None
    images: list[Any] | None = None
    updated_at: Annotated[str, Meta(pattern=NO_CONTROL_CHARACTERS)] | None = None
    price: Price | None = None  # of a product with one variant: that variant's
    stock: Stock | None = None  # the same


class ProductPut(_ReadOnlyMembers, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A product as it shall be. Variants that are not named go; left out, only slug and stock stay as they are."""

    title: Title
    status: Status
    variants: Annotated[list[VariantInput], Meta(min_length=1, max_length=250)]
    slug: Slug | None = None
    description_html: Html = ""
    vendor: ShortText = ""
    category: CategoryInput | None = None


class ProductPatch(_ReadOnlyMembers, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to change of a product. Variants that are not named stay as they are."""

    title: Title | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    variants: Annotated[list[VariantPatch], Meta(max_length=250)] = []
    slug: Slug | None = None
    description_html: Html | UnsetType = UNSET
    vendor: ShortText | UnsetType = UNSET
    category: CategoryInput | UnsetType | None = UNSET


class StockInput(Struct, frozen=True, forbid_unknown_fields=True):
    """How many can be bought from now on, besides what is reserved; the reason is for the ledger."""

    stock: Stock
    reason: Sentence


class VariantStock(Struct, frozen=True):
    """The stock of a variant as it is now."""

    sku: str
    product_id: int
    stock: int


OrderState = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded"]


class OrderLine(Struct, frozen=True):
    """A line of an order, as it was sold."""

    sku: str
    title: str
    options: str
    quantity: int
    unit_price: Price
    total: Price


class OrderEvent(Struct, frozen=True):
    """What happened to an order."""

    at: datetime
    kind: str
    actor: str
    amount: Price | None
    note: str


class Order(Struct, frozen=True):
    """What somebody has bought, and what became of it."""

    number: str
    state: OrderState
    email: str
    total: Price
    goods: Price
    delivery_price: Price
    tax: Price
    paid: Price
    refunded: Price
    delivery: str
    payment: str
    ship_to: dict[str, Any]
    bill_to: dict[str, Any] | None
    lines: list[OrderLine]
    events: list[OrderEvent]
    placed_at: datetime


class OrderList(Struct, frozen=True):
    """A page of orders, the newest first."""

    items: list[Order]
    page: int
    pages: int
    total: int


class OrderStateInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The state that an order shall have; the note goes into its log."""

    state: Literal["shipped", "delivered", "cancelled"]
    note: Annotated[str, Meta(max_length=1000, pattern=NO_CONTROL_CHARACTERS)] = ""
