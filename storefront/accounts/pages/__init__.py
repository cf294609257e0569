"""The pages of accounts. What changes something is a POST and answers 303; all are private."""

from storefront.accounts.pages import addresses, devices, entering, profile, resetting

BLUEPRINTS = (entering.bp, resetting.bp, profile.bp, addresses.bp, devices.bp)
"""All blueprints of this room."""
