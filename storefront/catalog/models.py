"""Products, their variants and pictures, and the tree of categories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    SQLColumnExpression,
    String,
    Text,
    UniqueConstraint,
    false,
    func,
    inspect,
    text,
    true,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from storefront.actors import ChangedBy
from storefront.cache.invalidation import changed_values
from storefront.cache.keys import EVERYTHING
from storefront.extensions import Model, MomentText, UtcDateTime
from storefront.shop_cache import keys

Status = Literal["draft", "active", "archived"]
ROOT_PATH = ""
# Of a category's path: characters, and levels below the root.
MAX_PATH, MAX_LEVELS = 2000, 50
MOST_FURTHER = 20  # categories of a product beside its main one
_NO_PICTURE, _NO_TEXT = "cover_id IS NULL", "description_html = ''"
_PLANNED = "publish_at IS NOT NULL OR withdraw_at IS NOT NULL"


def _now() -> datetime:
    return datetime.now(UTC)


def _same_as_sku(context: DefaultExecutionContext) -> str:
    return str(context.get_current_parameters()["sku"])  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here


class Category(ChangedBy, Model):
    """A node of the category tree. The root (path "") is the whole shop; a path joins the slugs down to a node."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(String(MAX_PATH), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    # Active products here and below, kept by the list index: counting them for each page would be too slow.
    product_count: Mapped[int] = mapped_column(default=0)
    # Neither the menu nor the lists of categories show it, or what is below it; its page stays.
    hidden: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Sanitised before it is stored; lists of categories do not read it.
    description_html: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    seo_title: Mapped[str] = mapped_column(String(500), default="", server_default="")
    seo_description: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)

    # `picture_digest` names the renditions (catalog/pictures.py); None without a picture. The size is in pixels.
    picture_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    picture_width: Mapped[int] = mapped_column(default=0, server_default="0")
    picture_height: Mapped[int] = mapped_column(default=0, server_default="0")
    picture_alt: Mapped[str] = mapped_column(Text, default="", server_default="")

    parent: Mapped[Category | None] = relationship(remote_side="Category.id")

    history_fields: ClassVar[tuple[str, ...]] = (
        *("parent_id", "name", "slug", "path", "position", "hidden"),
        *("description_html", "seo_title", "seo_description", "picture_digest", "picture_alt"),
    )

    __table_args__ = (
        Index("ix_category_parent_id_position", "parent_id", "position", "name"),
        Index("ix_category_hidden", "path", sqlite_where=text("hidden"), postgresql_where=text("hidden")),
    )

    @property
    def deletion_name(self) -> str:
        """Return its path."""
        return self.path

    def cache_tags(self) -> set[str]:
        """Tags of its own lists and of its parent's, of its addresses, old and new, and of the menu and the tree."""
        parents = {self.parent_id, *changed_values(self, "parent_id")} - {None}
        paths = {self.path, *changed_values(self, "path")}
        tags = {keys.category_tag(each) for each in (self.id, *parents)}
        is_shown = inspect(self).persistent  # a new one has no products yet
        session = object_session(self)
        is_deleted = session is not None and self in session.deleted
        if is_deleted or not is_shown or changed_values(self, "name", "path"):
            tags |= set(map(keys.path_tag, paths))
        if is_shown and changed_values(self, "name", "path", "position", "parent_id", "hidden"):
            tags.add(keys.CATEGORY_TREE)
            if any("/" not in path for path in paths):
                tags.add(keys.NAVIGATION)
        return tags


class CategoryRedirect(Model):
    """A former path of a category; it redirects (301) to the category's present path."""

    __tablename__ = "category_redirect"

    path: Mapped[str] = mapped_column(String(MAX_PATH), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"), index=True)

    def cache_tags(self) -> set[str]:
        """Tag of the address that redirects."""
        return {keys.path_tag(self.path)}


class Product(ChangedBy, Model):
    """A product. Prices, stock and pictures belong to its variants; the copies here serve lists."""

    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    description_html: Mapped[str] = mapped_column(Text, default="")  # sanitised before it is stored
    vendor: Mapped[str] = mapped_column(String(255), default="")
    product_type: Mapped[str] = mapped_column(String(255), default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    status: Mapped[str] = mapped_column(String(8), default="draft")
    # When a periodic task makes it active, and archives it (catalog/publication.py).
    publish_at: Mapped[str | None] = mapped_column(MomentText)
    withdraw_at: Mapped[str | None] = mapped_column(MomentText)
    # An active product that is in no list: only somebody who knows its address sees it.
    unlisted: Mapped[bool] = mapped_column(default=False, server_default=false())
    gift_card: Mapped[bool] = mapped_column(default=False, server_default=false())
    seo_title: Mapped[str] = mapped_column(String(500), default="")
    seo_description: Mapped[str] = mapped_column(Text, default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    # Beside the main one, MOST_FURTHER at most. The list index has them by category, too (`FurtherCategory`).
    further_category_ids: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    option_names: Mapped[list[str]] = mapped_column(JSON, default=list)  # up to 3, in order
    # Columns of an import that the shop only keeps for the export.
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)

    # Copied by the list index from the variants and pictures, so that a card needs this row only.
    price: Mapped[int | None] = mapped_column(BigInteger)
    price_max: Mapped[int | None] = mapped_column(BigInteger)
    compare_at_price: Mapped[int | None] = mapped_column(BigInteger)
    cover_id: Mapped[int | None] = mapped_column()

    category: Mapped[Category | None] = relationship()
    variants: Mapped[list[Variant]] = relationship(
        back_populates="product", order_by="Variant.position, Variant.id", cascade="all, delete-orphan"
    )
    images: Mapped[list[ProductImage]] = relationship(
        back_populates="product",
        order_by="ProductImage.position, ProductImage.id",
        cascade="all, delete-orphan",
    )

    history_fields: ClassVar[tuple[str, ...]] = (
        "slug",
        "title",
        "description_html",
        "vendor",
        "product_type",
        "tags",
        "status",
        "publish_at",
        "withdraw_at",
        "unlisted",
        "gift_card",
        "seo_title",
        "seo_description",
        "category_id",
        "further_category_ids",
        "option_names",
    )

    __table_args__ = (
        CheckConstraint("status IN ('draft', 'active', 'archived')", name="status"),
        Index("ix_product_vendor", "vendor", "id"),
        Index("ix_product_slug_lower", text("lower(slug)")),
        # The filters and orders of the list of all products.
        Index("ix_product_status", "status", "id"),
        Index("ix_product_type", "product_type", "id"),
        Index("ix_product_updated_at", "updated_at", "id"),
        # PostgreSQL reads the index alone only if the title itself is there, too.
        Index("ix_product_title_lower", text("lower(title)"), "id", postgresql_include=["title"]),
        Index("ix_product_price", "price", "id"),
        Index(
            "ix_product_no_picture", "id", sqlite_where=text(_NO_PICTURE), postgresql_where=text(_NO_PICTURE)
        ),
        Index("ix_product_no_text", "id", sqlite_where=text(_NO_TEXT), postgresql_where=text(_NO_TEXT)),
        Index("ix_product_planned", "id", sqlite_where=text(_PLANNED), postgresql_where=text(_PLANNED)),
        *(
            Index(
                f"ix_product_{name}",
                name,
                sqlite_where=text(f"{name} IS NOT NULL"),
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("publish_at", "withdraw_at")
        ),
    )

    @property
    def is_for_sale(self) -> bool:
        """Whether it can be bought, if there is stock. The shop cannot issue gift cards yet."""
        return self.status == "active" and not self.gift_card

    @property
    def deletion_name(self) -> str:
        """Return its slug."""
        return self.slug

    @property
    def history_title(self) -> str:
        """Return its title."""
        return self.title

    def cache_tags(self) -> set[str]:
        """Tags of its page, its cards and its addresses. The list index adds those of the lists that change."""
        tags = {keys.product_tag(self.id), keys.card_tag(self.id)}
        if changed_values(
            self,
            "title",
            "vendor",
            "product_type",
            "tags",
            "description_html",
            "status",
            "unlisted",
            "category_id",
            "further_category_ids",
        ):
            tags.add(keys.SEARCH)
        if old := changed_values(self, "slug", "status"):
            # A misspelt address depends on the slug in lower case (moved_addresses.py).
            tags |= {keys.slug_tag(s) for slug in (self.slug, *old) for s in (slug, slug.lower())}
        if changed_values(self, "slug"):
            tags.add(keys.sitemap_tag(keys.sitemap_part(self.id)))
        return tags


class Variant(ChangedBy, Model):
    """A form of a product that can be bought. Money is in minor units of the shop's currency."""

    __tablename__ = "variant"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    # The variant's code: unique in the shop, never changed. Addresses, streams, the API and the ledger use it.
    sku: Mapped[str] = mapped_column(String(255), unique=True)
    # The SKU as the merchant typed it: shown, searched and exported. It may be empty or repeated.
    label: Mapped[str] = mapped_column(String(255), default=_same_as_sku, server_default="", index=True)
    option1: Mapped[str] = mapped_column(String(255), default="")
    option2: Mapped[str] = mapped_column(String(255), default="")
    option3: Mapped[str] = mapped_column(String(255), default="")
    price: Mapped[int] = mapped_column(BigInteger)
    compare_at_price: Mapped[int | None] = mapped_column(BigInteger)
    barcode: Mapped[str] = mapped_column(String(255), default="")
    weight_grams: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    backorder: Mapped[bool] = mapped_column(default=False)
    requires_shipping: Mapped[bool] = mapped_column(default=True, server_default=true())
    taxable: Mapped[bool] = mapped_column(default=True, server_default=true())
    image_id: Mapped[int | None] = mapped_column(
        ForeignKey("product_image.id", ondelete="SET NULL"), index=True
    )
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    product: Mapped[Product] = relationship(back_populates="variants")
    image: Mapped[ProductImage | None] = relationship()

    history_fields: ClassVar[tuple[str, ...]] = (
        "label",
        "option1",
        "option2",
        "option3",
        "price",
        "compare_at_price",
        "barcode",
        "weight_grams",
        "position",
        "backorder",
        "requires_shipping",
        "taxable",
        "image_id",
    )

    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("compare_at_price >= 0", name="compare_at_price_not_negative"),
        CheckConstraint("weight_grams >= 0", name="weight_not_negative"),
        UniqueConstraint("product_id", "option1", "option2", "option3"),
    )

    @property
    def deletion_name(self) -> str:
        """Return its code."""
        return self.sku

    @property
    def history_title(self) -> str:
        """Return its SKU as the merchant wrote it."""
        return self.label

    def cache_tags(self) -> set[str]:
        """Tags of its product, and of searches if its code, label, options or barcode change."""
        words = changed_values(self, "sku", "label", "option1", "option2", "option3", "barcode")
        return _of_product(self.product_id) | ({keys.SEARCH} if words else set())

    @property
    def options(self) -> tuple[str, ...]:
        """The option values that are set, in the order of the product's option names."""
        return tuple(value for value in (self.option1, self.option2, self.option3) if value)


def _replace_sign(value: SQLColumnExpression[str], sign: str) -> ColumnElement[str]:
    # No parameters: an index serves an expression only if the query has the same one, letter by letter.
    return func.replace(value, text(f"'{sign}'"), text("''"), type_=String)


# A barcode as scanners send it: what `gtin.plain_barcode` returns.
PLAIN_BARCODE = _replace_sign(_replace_sign(Variant.barcode, " "), "-")
Index("ix_variant_plain_barcode", PLAIN_BARCODE)


class ProductImage(ChangedBy, Model):
    """A picture of a product; several variants may show the same one (Variant.image_id).

    `digest` names the picture's renditions (catalog/pictures.py); None until the picture has been fetched.
    """

    __tablename__ = "product_image"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    alt: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")  # the file name or URL that it was imported from
    digest: Mapped[str | None] = mapped_column(String(64), index=True)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    product: Mapped[Product] = relationship(back_populates="images")

    history_fields: ClassVar[tuple[str, ...]] = ("position", "alt", "source", "digest")

    def cache_tags(self) -> set[str]:
        """Tags of its product."""
        return _of_product(self.product_id)


class ProductRedirect(Model):
    """A former slug of a product; it redirects (301) to the product's present page."""

    __tablename__ = "product_redirect"

    slug: Mapped[str] = mapped_column(String(255), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)

    def cache_tags(self) -> set[str]:
        """Tag of the address that redirects."""
        return {keys.slug_tag(self.slug)}


class AddressRedirect(ChangedBy, Model):
    """A redirect (301) from a path without a page to another path; `flask redirects` manages them.

    `path` is in the form of `moved_addresses.redirect_key`; `target` is a percent-encoded path with its query.
    """

    __tablename__ = "address_redirect"

    path: Mapped[str] = mapped_column(String(1000), primary_key=True)
    target: Mapped[str] = mapped_column(String(2000))

    def cache_tags(self) -> set[str]:
        """Tag of every answer that depends on redirects: they change seldom, and lead to one another."""
        return {keys.REDIRECTS}


class ShownMetafield(ChangedBy, Model):
    """The key of a metafield, such as `custom.fabric`, that the pages of products show."""

    __tablename__ = "shown_metafield"

    key: Mapped[str] = mapped_column(String(320), primary_key=True)

    @property
    def deletion_name(self) -> str:
        """Return its key."""
        return self.key

    def cache_tags(self) -> set[str]:
        """Tag of all pages: any product may have the metafield."""
        return {EVERYTHING}


class DescriptionPicture(ChangedBy, Model):
    """A stored picture that descriptions name by its source. `key` is `description_pictures.source_key`.

    It stays if no description names it any more, since an undo can bring the description back.
    """

    __tablename__ = "description_picture"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(Text)  # as descriptions name it
    digest: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]

    def cache_tags(self) -> set[str]:
        """Tag of the pages that name the source."""
        return {keys.description_picture_tag(self.key)}


class RenditionSet(Model):
    """Which renditions a stored picture has, and when to make those that are missing.

    `webp` and `avif` are widths in pixels, such as "320 640"; both are empty until all renditions have been made.
    """

    __tablename__ = "rendition_set"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    webp: Mapped[str] = mapped_column(String(100), default="")
    avif: Mapped[str] = mapped_column(String(100), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=_now, index=True)


class PagePicture(Model):
    """A stored picture that pages of the shop's own show, such as the front page; its size is in pixels."""

    __tablename__ = "page_picture"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    width: Mapped[int]
    height: Mapped[int]


class Listing(Model):
    """A row of the list index: for each active product, one in each category above it, the root included.

    The newest product has the highest id, so the primary key gives the order "new".
    """

    __tablename__ = "listing"

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    price: Mapped[int] = mapped_column(BigInteger)
    name_key: Mapped[str] = mapped_column(String(40))
    vendor: Mapped[str] = mapped_column(String(255), default="")

    __table_args__ = (
        Index("ix_listing_price", "category_id", "price", "product_id"),
        Index("ix_listing_name", "category_id", "name_key", "product_id"),
        Index("ix_listing_product_id", "product_id"),
        {"sqlite_with_rowid": False},
    )


class FurtherCategory(Model):
    """A row of the list index: for each product, whatever its status, one in each of its further categories."""

    __tablename__ = "further_category"

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)

    __table_args__ = (Index("ix_further_category_product_id", "product_id"),)


class ListingVendor(Model):
    """How many active products of a vendor a category lists: the counts beside the vendor filter."""

    __tablename__ = "listing_vendor"

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"), primary_key=True)
    vendor: Mapped[str] = mapped_column(String(255), primary_key=True)
    products: Mapped[int]

    __table_args__ = (
        Index("ix_listing_vendor_products", "category_id", "products"),
        {"sqlite_with_rowid": False},
    )


def _of_product(product_id: int) -> set[str]:
    return {keys.product_tag(product_id), keys.card_tag(product_id)}
