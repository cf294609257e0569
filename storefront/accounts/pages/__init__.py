"""The pages of accounts. All are private. A request that changes something is a POST and is answered with 303."""

from storefront.accounts.pages import (
    activity,
    addresses,
    devices,
    invitation,
    password_reset,
    passwordless,
    profile,
    recent_proof,
    second_factor_reset,
    second_step,
    security,
    sign_in,
)

BLUEPRINTS = (
    sign_in.bp,
    second_step.bp,
    passwordless.bp,
    password_reset.bp,
    second_factor_reset.bp,
    invitation.bp,
    profile.bp,
    addresses.bp,
    devices.bp,
    security.bp,
    recent_proof.bp,
    activity.bp,
    activity.staff_bp,
)
"""All blueprints of this room."""
