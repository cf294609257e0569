"""The types of the API's requests and responses: for validation, encoding and the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct, structs

from storefront.catalog.collection.membership_rules import MAX_CONDITIONS, MAX_DAYS, ConditionKind

Band = Literal["in", "low", "out"]
Status = Literal["draft", "active", "archived"]
# Minor units; more than anything costs, in yen too.
MAX_AMOUNT = 10**12


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units (cents, yen) and its ISO 4217 currency."""

    amount: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class CategoryRef(Struct, frozen=True):
    """A category by its path: the slugs from the top down."""

    path: str
    name: str


class Image(Struct, frozen=True):
    """A picture; width and height in pixels."""

    url: str
    alt: str
    width: int
    height: int


class Category(Struct, frozen=True):
    """A category. `products` counts the active products in it and below it."""

    path: str
    name: str
    products: int


class CategoryDetail(Struct, frozen=True):
    """A category with its parents, from the top down, and its children.

    `hidden`: no menu and no list of categories shows it. `position` is the merchant's, 0 without one: by size then.
    """

    path: str
    name: str
    products: int
    hidden: bool
    position: int
    description_html: str
    seo_title: str
    seo_description: str
    picture: Image | None
    parents: list[CategoryRef]
    children: list[Category]


class CategoryList(Struct, frozen=True):
    """A page of the categories, sorted by path."""

    items: list[Category]
    page: int
    pages: int
    total: int


class Variant(Struct, frozen=True):
    """One buyable form of a product: `sku` is its unique code, `label` the SKU that people see.

    `stock` is null if it is not shown or not tracked.
    """

    sku: str
    label: str
    options: dict[str, str]
    price: Price
    compare_at_price: Price | None
    stock: int | None
    band: Band
    requires_shipping: bool
    taxable: bool


class Product(Struct, frozen=True):
    """A product. `price` is the lowest of its variants, `stock` the sum of what can be bought of them now.

    It is also in the lists of its `further_categories`; `category` is the main one, which its page leads back to.

    An active product that is `unlisted` has a page, but is in no list, search or sitemap.
    """

    id: int
    slug: str
    title: str
    description_html: str
    vendor: str
    category: CategoryRef | None
    further_categories: list[CategoryRef]
    status: Status
    unlisted: bool
    price: Price | None
    stock: int | None
    variants: list[Variant]
    images: list[Image]
    updated_at: str
    # When it becomes active, and is archived, by itself; null for callers without `catalog:read`
    publish_at: str | None = None
    withdraw_at: str | None = None


# A product in a list: all members are optional, since `fields` may select some of them.
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
    """An error in one part of a request: a member of its body (`pointer`) or a parameter of its URL."""

    detail: str
    # RFC 6901, into the body
    pointer: str | None = None
    parameter: str | None = None


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem document (RFC 9457)."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    errors: list[Fault] = []


NO_CONTROL_CHARACTERS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
ShortText = Annotated[str, Meta(max_length=255, pattern=NO_CONTROL_CHARACTERS)]
Sku = Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_CONTROL_CHARACTERS)]
Stock = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Title = Annotated[str, Meta(min_length=1, max_length=500, pattern=NO_CONTROL_CHARACTERS)]
# The slug of a product: what `catalog.slugs.handle_slug` leaves as it is.
Slug = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=r"""^[^\x00-\x20\x7f-\xa0/\\?#%"<>^`{|}]+$""")
]
Html = Annotated[str, Meta(max_length=200_000, pattern=NO_CONTROL_CHARACTERS)]
OptionName = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_CONTROL_CHARACTERS)]
Sentence = Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_CONTROL_CHARACTERS)]
Moment = Annotated[datetime, Meta(tz=True)]
Options = Annotated[dict[OptionName, Sentence], Meta(max_length=3)]


class CategoryInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A category by its path. `name` may be sent back and is ignored."""

    path: Annotated[str, Meta(min_length=1, max_length=2000, pattern=NO_CONTROL_CHARACTERS)]
    name: Annotated[str, Meta(pattern=NO_CONTROL_CHARACTERS)] | None = None


Alt = Annotated[str, Meta(max_length=1000, pattern=NO_CONTROL_CHARACTERS)]
FurtherCategories = Annotated[list[CategoryInput], Meta(max_length=20)]
CategoryPath = Annotated[str, Meta(max_length=2000, pattern=NO_CONTROL_CHARACTERS)]


class CategoryPatch(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The changes of a category; what is below it moves with it, and former addresses lead on.

    `parent` is the path of the category above, "" for none. `slug` is the end of its path; "" makes one of the name.
    `position` is its place from 1 among those with the same parent; the others make room.
    """

    name: Sentence | UnsetType = UNSET
    parent: CategoryPath | UnsetType = UNSET
    slug: ShortText | UnsetType = UNSET
    position: Annotated[int, Meta(ge=1, le=2**31 - 1)] | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET
    description_html: Html | UnsetType = UNSET
    seo_title: Annotated[str, Meta(max_length=500, pattern=NO_CONTROL_CHARACTERS)] | UnsetType = UNSET
    seo_description: Annotated[str, Meta(max_length=5000, pattern=NO_CONTROL_CHARACTERS)] | UnsetType = UNSET


class CategoryPost(CategoryPatch, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new category. Only its name is needed: it is then at the top, at an address made of its name."""

    name: Sentence


class CollectionCondition(Struct, frozen=True, forbid_unknown_fields=True):
    """A condition of a collection: `text` is the tag or vendor, `price` the bound, `days` the age."""

    kind: ConditionKind
    text: ShortText | None = None
    price: Price | None = None
    days: Annotated[int, Meta(ge=1, le=MAX_DAYS)] | None = None


class CollectionPatch(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The changes of a collection. `slug` is the end of its address; "" makes one of the title. Former ones lead on.

    A product belongs to it that meets all conditions, or any, as `match` says.
    """

    title: Sentence | UnsetType = UNSET
    slug: ShortText | UnsetType = UNSET
    match: Literal["all", "any"] | UnsetType = UNSET
    conditions: (
        Annotated[list[CollectionCondition], Meta(min_length=1, max_length=MAX_CONDITIONS)] | UnsetType
    ) = UNSET
    description_html: Html | UnsetType = UNSET
    seo_title: Annotated[str, Meta(max_length=500, pattern=NO_CONTROL_CHARACTERS)] | UnsetType = UNSET
    seo_description: Annotated[str, Meta(max_length=5000, pattern=NO_CONTROL_CHARACTERS)] | UnsetType = UNSET


class CollectionPost(CollectionPatch, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new collection. It needs a title and conditions, of which all must be met unless `match` says otherwise."""

    title: Sentence
    conditions: Annotated[list[CollectionCondition], Meta(min_length=1, max_length=MAX_CONDITIONS)]


class CollectionDetail(Struct, frozen=True):
    """A collection. `products` counts those that it lists; while it `is_building`, more follow."""

    slug: str
    title: str
    match: Literal["all", "any"]
    conditions: list[CollectionCondition]
    description_html: str
    seo_title: str
    seo_description: str
    products: int
    is_building: bool


class CollectionList(Struct, frozen=True):
    """All collections, sorted by their slugs."""

    items: list[CollectionDetail]


class VariantInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A variant in the body of `PUT`. `stock` null leaves the stock unchanged; `band` is ignored.

    Without `label`, `requires_shipping` or `taxable` a variant keeps its own. A new one has its `sku` as its label,
    is sent in a parcel and taxed.
    """

    sku: Sku
    price: Price
    label: ShortText | UnsetType = UNSET
    requires_shipping: bool | UnsetType = UNSET
    taxable: bool | UnsetType = UNSET
    options: Options = {}
    compare_at_price: Price | None = None
    stock: Stock | None = None
    band: Band | None = None


class VariantPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """The changes of the variant with this SKU."""

    sku: Sku
    price: Price | UnsetType = UNSET
    label: ShortText | UnsetType = UNSET
    requires_shipping: bool | UnsetType = UNSET
    taxable: bool | UnsetType = UNSET
    options: Options | UnsetType = UNSET
    compare_at_price: Price | UnsetType | None = UNSET
    stock: Stock | None = None
    band: Band | None = None


class _ReadOnlyMembers(Struct, frozen=True):
    """Members of a response that may be sent back and are ignored.

    For a product with one variant `price` and `stock` are that variant's.
    """

    id: int | None = None
    images: list[Any] | None = None
    updated_at: Annotated[str, Meta(pattern=NO_CONTROL_CHARACTERS)] | None = None
    price: Price | None = None
    stock: Stock | None = None


class ProductPut(_ReadOnlyMembers, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The complete new product. Variants that are not named are removed.

    Slug, stock and further categories may be left out: they stay as they are.
    """

    title: Title
    status: Status
    variants: Annotated[list[VariantInput], Meta(min_length=1, max_length=250)]
    slug: Slug | None = None
    unlisted: bool | UnsetType = UNSET
    publish_at: Moment | UnsetType | None = UNSET
    withdraw_at: Moment | UnsetType | None = UNSET
    description_html: Html = ""
    vendor: ShortText = ""
    category: CategoryInput | None = None
    further_categories: FurtherCategories | UnsetType = UNSET


class ProductPost(ProductPut, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new product: a draft unless it has a status. Without a slug it gets one made of its title."""

    status: Status = "draft"


class ProductPatch(_ReadOnlyMembers, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The changes of a product. Variants that are not named stay unchanged."""

    title: Title | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    variants: Annotated[list[VariantPatch], Meta(max_length=250)] = []
    slug: Slug | None = None
    unlisted: bool | UnsetType = UNSET
    publish_at: Moment | UnsetType | None = UNSET
    withdraw_at: Moment | UnsetType | None = UNSET
    description_html: Html | UnsetType = UNSET
    vendor: ShortText | UnsetType = UNSET
    category: CategoryInput | UnsetType | None = UNSET
    further_categories: FurtherCategories | UnsetType = UNSET


class ProductPicture(Struct, frozen=True):
    """A picture of a product, at a place among its pictures from 1; `variants` show it first.

    `url` is null until a picture that an import named has been fetched.
    """

    id: int
    position: int
    alt: str
    url: str | None
    width: int
    height: int
    variants: list[str]


class ProductPictures(Struct, frozen=True):
    """The pictures of a product, in order."""

    items: list[ProductPicture]


class CategoryPicturePatch(Struct, frozen=True, forbid_unknown_fields=True):
    """The change of a category's picture: what it shows, for people who do not see it."""

    alt: Alt


class PicturePatch(Struct, frozen=True, forbid_unknown_fields=True):
    """The changes of a picture. A `position` after the last is the last; `variants` are all that show it first."""

    alt: Alt | UnsetType = UNSET
    position: Annotated[int, Meta(ge=1, le=2**31 - 1)] | UnsetType = UNSET
    variants: Annotated[list[Sku], Meta(max_length=250)] | UnsetType = UNSET


class StockInput(Struct, frozen=True, forbid_unknown_fields=True):
    """How many can be bought from now on, in addition to the reserved ones; the reason goes into the ledger.

    `expected` is the stock that was read before: if it is another now, nothing is set.
    """

    stock: Stock
    reason: Sentence
    expected: Stock | None = None


class DeliveryInput(Struct, frozen=True, forbid_unknown_fields=True):
    """Goods that have arrived: `quantity` is added to the stock of the variant with this code."""

    sku: Sku
    quantity: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    reason: Annotated[str, Meta(max_length=255, pattern=NO_CONTROL_CHARACTERS)] = ""


class VariantStock(Struct, frozen=True):
    """The present stock of a variant."""

    sku: str
    product_id: int
    stock: int


OrderState = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded"]


class OrderLine(Struct, frozen=True):
    """A line of an order, as it was sold. `label` is the SKU that people saw then."""

    sku: str
    label: str
    title: str
    options: str
    quantity: int
    unit_price: Price
    total: Price


class OrderEvent(Struct, frozen=True):
    """An event in the history of an order."""

    at: datetime
    kind: str
    actor: str
    amount: Price | None
    note: str


class Order(Struct, frozen=True):
    """An order with its lines and events."""

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
    """A page of orders, newest first."""

    items: list[Order]
    page: int
    pages: int
    total: int


class OrderStateInput(Struct, frozen=True, forbid_unknown_fields=True):
    """The new state of an order; the note goes into its history."""

    state: Literal["shipped", "delivered", "cancelled"]
    note: Annotated[str, Meta(max_length=1000, pattern=NO_CONTROL_CHARACTERS)] = ""
