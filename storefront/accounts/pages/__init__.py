"""The pages of accounts. All are private. A request that changes something is a POST and is answered with 303."""

from storefront.accounts.pages import (
    activity,
    addresses,
    devices,
    password_reset,
    passwordless,
    profile,
    sign_in,
)

BLUEPRINTS = (
    sign_in.bp,
    passwordless.bp,
    password_reset.bp,
    profile.bp,
    addresses.bp,
    devices.bp,
    activity.bp,
    activity.staff_bp,
)
"""All blueprints of this room."""
