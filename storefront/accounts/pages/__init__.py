"""The pages of accounts. What changes something is a POST and answers 303; all are private."""

from storefront.accounts.pages import addresses, devices, password_reset, profile, sign_in

BLUEPRINTS = (sign_in.bp, password_reset.bp, profile.bp, addresses.bp, devices.bp)
"""All blueprints of this room."""
