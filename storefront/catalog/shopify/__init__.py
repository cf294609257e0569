"""Import and export of Shopify product CSV. docs/importing.md has the rules for merchants."""

from storefront.catalog.shopify.cli import catalog

__all__ = ["catalog"]
