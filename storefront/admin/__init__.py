"""The back office: the pages in which a merchant runs the shop. Rooms below have the verbs, this one the pages.

It reads for its lists and changes nothing by itself. docs/back-office.md is the guide for merchants.
"""

from __future__ import annotations

from flask import Flask
from werkzeug.urls import uri_to_iri

from storefront.admin import (
    carried_form,
    category_pages,
    category_picture_pages,
    category_text_pages,
    change_set_pages,
    collection_pages,
    content_pages,
    customer_pages,
    edit_links,
    former_addresses,
    gate,
    history_pages,
    home,
    launch_pages,
    letter_pages,
    live_pages,
    menu_pages,
    office_errors,
    once_only,
    order_contact_pages,
    order_pages,
    packing_pages,
    page_version_pages,
    picture_fetch_pages,
    product_form,
    product_list_pages,
    sections,
    setting_pages,
    setting_picture_pages,
    staff_pages,
    stock_pages,
    stock_takings,
    terms_of_sale,
    translation_pages,
    unsaved_form,
    upload_pages,
)
from storefront.admin.front_page_editor import front_page_pages, section_pages
from storefront.admin.grid import grid_pages
from storefront.change_sets.reason_texts import translate_reason
from storefront.stock.ledger_reasons import translate_ledger_reason

BLUEPRINTS = (
    home.bp,
    launch_pages.bp,
    live_pages.bp,
    order_pages.bp,
    order_contact_pages.bp,
    packing_pages.bp,
    product_form.bp,
    category_pages.bp,
    category_picture_pages.bp,
    setting_picture_pages.bp,
    category_text_pages.bp,
    collection_pages.bp,
    grid_pages.bp,
    stock_pages.bp,
    stock_takings.bp,
    change_set_pages.bp,
    upload_pages.bp,
    picture_fetch_pages.bp,
    customer_pages.bp,
    product_list_pages.bp,
    history_pages.bp,
    content_pages.bp,
    page_version_pages.bp,
    menu_pages.bp,
    front_page_pages.bp,
    section_pages.bp,
    setting_pages.bp,
    translation_pages.bp,
    letter_pages.bp,
    staff_pages.bp,
    terms_of_sale.bp,
    carried_form.bp,
    edit_links.bp,
    former_addresses.bp,
)


def init_app(app: Flask) -> None:
    """Register the pages, and lead everybody who is not signed in to the sign-in page."""
    gate.init_app(app)
    unsaved_form.init_app(app)
    office_errors.init_app(app)
    once_only.init_app(app)
    edit_links.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    sections.init_app(app)
    app.add_template_global(launch_pages.next_step, "next_launch_step")
    live_pages.init_app(app)
    app.add_template_filter(uri_to_iri, "readable_url")
    app.add_template_filter(translate_reason, "reason")
    app.add_template_filter(translate_ledger_reason, "ledger_reason")
