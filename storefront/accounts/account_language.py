"""The language of an account, in which its letters are: the one in which its owner last used the shop on purpose.

That is signing up or in, placing an order, or choosing a language. Only reading a page in another language is not.
"""

from __future__ import annotations

from flask import Flask

from storefront.accounts.authentication import current_user
from storefront.accounts.models import User
from storefront.extensions import write_transaction
from storefront.languages import current_locale
from storefront.shop_settings.language_choice import language_chosen


def init_app(app: Flask) -> None:
    """Keep the language that somebody who is signed in chooses."""
    language_chosen.register(app, keep_language)


def keep_language() -> None:
    """Note the present language at the account that makes the request; no statement if it is there already."""
    user, locale = current_user(), current_locale()
    if user is None or user.locale == locale:
        return
    with write_transaction() as session:
        if (row := session.get(User, user.id)) is not None:
            row.locale = locale
