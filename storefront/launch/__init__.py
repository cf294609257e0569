"""The first steps by which a new shop becomes the merchant's own, for `/admin` and `flask doctor`."""

from storefront.launch.steps import STEPS, LaunchStep, Progress, missing_in_production, read_progress

__all__ = ["STEPS", "LaunchStep", "Progress", "missing_in_production", "read_progress"]
