"""The catalogue, its stock, its search index; and the root category, which is the whole shop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('category',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('slug', sa.String(length=255), nullable=False),
    sa.Column('path', sa.String(length=2000), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('product_count', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['category.id'], name=op.f('fk_category_parent_id_category')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_category')),
    sa.UniqueConstraint('path', name=op.f('uq_category_path'))
    )
    with op.batch_alter_table('category', schema=None) as batch_op:
        batch_op.create_index('ix_category_parent_id_position', ['parent_id', 'position', 'name'], unique=False)

    op.create_table('stock_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sku', sa.String(length=255), nullable=False),
    sa.Column('variant_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('tracked', sa.Boolean(), nullable=False),
    sa.Column('on_hand', sa.Integer(), nullable=False),
    sa.Column('reserved', sa.Integer(), nullable=False),
    sa.Column('low_threshold', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('low_threshold >= 0', name=op.f('ck_stock_item_low_threshold_not_negative')),
    sa.CheckConstraint('on_hand >= 0', name=op.f('ck_stock_item_on_hand_not_negative')),
    sa.CheckConstraint('reserved <= on_hand', name=op.f('ck_stock_item_reserved_on_hand')),
    sa.CheckConstraint('reserved >= 0', name=op.f('ck_stock_item_reserved_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stock_item')),
    sa.UniqueConstraint('sku', name=op.f('uq_stock_item_sku')),
    sa.UniqueConstraint('variant_id', name=op.f('uq_stock_item_variant_id'))
    )
    with op.batch_alter_table('stock_item', schema=None) as batch_op:
        batch_op.create_index('ix_stock_item_buyable', ['product_id'], unique=False, sqlite_where=sa.text('NOT tracked OR on_hand > reserved'), postgresql_where=sa.text('NOT tracked OR on_hand > reserved'))
        batch_op.create_index('ix_stock_item_product_id', ['product_id'], unique=False)

    op.create_table('category_redirect',
    sa.Column('path', sa.String(length=2000), nullable=False),
    sa.Column('category_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_category_redirect_category_id_category'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('path', name=op.f('pk_category_redirect'))
    )
    with op.batch_alter_table('category_redirect', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_category_redirect_category_id'), ['category_id'], unique=False)

    op.create_table('listing_vendor',
    sa.Column('category_id', sa.Integer(), nullable=False),
    sa.Column('vendor', sa.String(length=255), nullable=False),
    sa.Column('products', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_listing_vendor_category_id_category'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('category_id', 'vendor', name=op.f('pk_listing_vendor')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('listing_vendor', schema=None) as batch_op:
        batch_op.create_index('ix_listing_vendor_products', ['category_id', 'products'], unique=False)

    op.create_table('product',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=255), nullable=False),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('description_html', sa.Text(), nullable=False),
    sa.Column('vendor', sa.String(length=255), nullable=False),
    sa.Column('product_type', sa.String(length=255), nullable=False),
    sa.Column('tags', sa.JSON(), nullable=False),
    sa.Column('status', sa.String(length=8), nullable=False),
    sa.Column('seo_title', sa.String(length=500), nullable=False),
    sa.Column('seo_description', sa.Text(), nullable=False),
    sa.Column('category_id', sa.Integer(), nullable=True),
    sa.Column('option_names', sa.JSON(), nullable=False),
    sa.Column('extra', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=True),
    sa.Column('price_max', sa.BigInteger(), nullable=True),
    sa.Column('compare_at_price', sa.BigInteger(), nullable=True),
    sa.Column('cover_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("status IN ('draft', 'active', 'archived')", name=op.f('ck_product_status')),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_product_category_id_category')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product')),
    sa.UniqueConstraint('slug', name=op.f('uq_product_slug'))
    )
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_category_id'), ['category_id'], unique=False)
        batch_op.create_index('ix_product_vendor', ['vendor', 'id'], unique=False)

    op.create_table('listing',
    sa.Column('category_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('name_key', sa.String(length=40), nullable=False),
    sa.Column('vendor', sa.String(length=255), nullable=False),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_listing_category_id_category'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_listing_product_id_product'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('category_id', 'product_id', name=op.f('pk_listing')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('listing', schema=None) as batch_op:
        batch_op.create_index('ix_listing_name', ['category_id', 'name_key', 'product_id'], unique=False)
        batch_op.create_index('ix_listing_price', ['category_id', 'price', 'product_id'], unique=False)
        batch_op.create_index('ix_listing_product_id', ['product_id'], unique=False)

    op.create_table('product_image',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('alt', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('extra', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_product_image_product_id_product'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_image'))
    )
    with op.batch_alter_table('product_image', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_image_product_id'), ['product_id'], unique=False)

    op.create_table('product_redirect',
    sa.Column('slug', sa.String(length=255), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_product_redirect_product_id_product'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('slug', name=op.f('pk_product_redirect'))
    )
    with op.batch_alter_table('product_redirect', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_redirect_product_id'), ['product_id'], unique=False)

    op.create_table('variant',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('sku', sa.String(length=255), nullable=False),
    sa.Column('option1', sa.String(length=255), nullable=False),
    sa.Column('option2', sa.String(length=255), nullable=False),
    sa.Column('option3', sa.String(length=255), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('compare_at_price', sa.BigInteger(), nullable=True),
    sa.Column('barcode', sa.String(length=255), nullable=False),
    sa.Column('weight_grams', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('backorder', sa.Boolean(), nullable=False),
    sa.Column('image_id', sa.Integer(), nullable=True),
    sa.Column('extra', sa.JSON(), nullable=False),
    sa.CheckConstraint('compare_at_price >= 0', name=op.f('ck_variant_compare_at_price_not_negative')),
    sa.CheckConstraint('price >= 0', name=op.f('ck_variant_price_not_negative')),
    sa.CheckConstraint('weight_grams >= 0', name=op.f('ck_variant_weight_not_negative')),
    sa.ForeignKeyConstraint(['image_id'], ['product_image.id'], name=op.f('fk_variant_image_id_product_image'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_variant_product_id_product'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_variant')),
    sa.UniqueConstraint('product_id', 'option1', 'option2', 'option3', name=op.f('uq_variant_product_id_option1_option2_option3')),
    sa.UniqueConstraint('sku', name=op.f('uq_variant_sku'))
    )
    with op.batch_alter_table('variant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_variant_image_id'), ['image_id'], unique=False)

    _create_search()
    op.bulk_insert(
        sa.table("category", *(sa.column(c) for c in ("name", "slug", "path", "position", "product_count"))),
        [{"name": "All products", "slug": "", "path": "", "position": 0, "product_count": 0}],
    )


def _create_search() -> None:
    # The words in it are folded by storefront.catalog.search: both databases only keep and match them.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE product_search "
            "USING fts5(title, body, tokenize='unicode61', prefix='2 3', detail='column')"
        )
    else:
        op.execute(
            "CREATE TABLE product_search (product_id INTEGER NOT NULL CONSTRAINT pk_product_search PRIMARY KEY, "
            "document TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_product_search_document ON product_search USING gin (document)")


def downgrade() -> None:
    op.execute("DROP TABLE product_search")
    with op.batch_alter_table('variant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_variant_image_id'))

    op.drop_table('variant')
    with op.batch_alter_table('product_redirect', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_product_redirect_product_id'))

    op.drop_table('product_redirect')
    with op.batch_alter_table('product_image', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_product_image_product_id'))

    op.drop_table('product_image')
    with op.batch_alter_table('listing', schema=None) as batch_op:
        batch_op.drop_index('ix_listing_product_id')
        batch_op.drop_index('ix_listing_price')
        batch_op.drop_index('ix_listing_name')

    op.drop_table('listing')
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_index('ix_product_vendor')
        batch_op.drop_index(batch_op.f('ix_product_category_id'))

    op.drop_table('product')
    with op.batch_alter_table('listing_vendor', schema=None) as batch_op:
        batch_op.drop_index('ix_listing_vendor_products')

    op.drop_table('listing_vendor')
    with op.batch_alter_table('category_redirect', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_category_redirect_category_id'))

    op.drop_table('category_redirect')
    with op.batch_alter_table('stock_item', schema=None) as batch_op:
        batch_op.drop_index('ix_stock_item_product_id')
        batch_op.drop_index('ix_stock_item_buyable', sqlite_where=sa.text('NOT tracked OR on_hand > reserved'), postgresql_where=sa.text('NOT tracked OR on_hand > reserved'))

    op.drop_table('stock_item')
    with op.batch_alter_table('category', schema=None) as batch_op:
        batch_op.drop_index('ix_category_parent_id_position')

    op.drop_table('category')
