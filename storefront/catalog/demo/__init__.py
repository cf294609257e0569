"""The demo shop: a catalogue of our own, and generated ones of any size."""

from storefront.catalog.demo.loading import Loaded, is_empty, load

__all__ = ["Loaded", "is_empty", "load"]
