"""The demo shop: a catalogue of our own, and generated ones of any size."""

from storefront.demo.cli import demo
from storefront.demo.loading import Loaded, is_empty, load

__all__ = ["Loaded", "demo", "is_empty", "load"]
