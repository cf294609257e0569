"""The data export and the deletion of an account."""

from __future__ import annotations

from typing import Any

from storefront import cache, mail
from storefront.accounts import messages, queries, security_events
from storefront.accounts.extension_points import account_deleted, export_additions
from storefront.accounts.models import User
from storefront.accounts.second_factor import factors
from storefront.extensions import write_transaction
from storefront.shop_cache import keys


def export_data(user: User) -> dict[str, Any]:
    """Return all data that the shop keeps of a person; the export is a security event."""
    with write_transaction() as session:
        security_events.record(session, "data-exported", user.id)
    factors_kept = {"second_factors": factors.export(user.id)}
    return queries.export_account(user) | factors_kept | export_additions(user.id)


def delete_account(user_id: int) -> None:
    """Delete an account and all data that the rooms keep of it; the person gets a mail."""
    with write_transaction() as session:
        user = session.get(User, user_id)
        if user is None:
            return
        account_deleted.fire(session, user_id)
        mail.enqueue_if_configured(session, user.email, messages.account_closed(user.locale))
        cache.invalidate_on_commit(session, keys.user_tag(user_id), hard=True)
        security_events.record(session, "account-deleted", user_id)
        security_events.erase_account(session, user_id)
        session.delete(user)
