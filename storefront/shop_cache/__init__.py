"""What the shop caches: its entries and their TTLs, its tags and their modes, the settings that its pages show."""

from __future__ import annotations

from storefront.shop_cache import keys
from storefront.shop_cache.tag_kinds import TAG_KINDS

__all__ = ["PAGE_SETTINGS", "TAG_KINDS", "keys"]

# Settings that pages show. The stored settings of the merchant have a tag.
PAGE_SETTINGS = ("SHOP_SETTINGS", "CHECKOUT")
