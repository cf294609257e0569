"""The table of the first steps: what a merchant does before shoppers come, where, and from which fact it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import current_app

from storefront.i18n import lazy_gettext
from storefront.launch.facts import LEGAL_PAGES, Facts, read_facts


@dataclass(frozen=True, slots=True)
class LaunchStep:
    """A step.

    Attributes:
        name: in `flask doctor`, after the word "step".
        label: what the merchant reads.
        advice: a sentence about what to do.
        done: whether the facts say that it is done.
        places: the pages where it is done: endpoints with their labels.
        is_needed: whether a shop in production must not be without it.
    """

    name: str
    label: str
    advice: str
    done: Callable[[Facts], bool]
    places: Sequence[tuple[str, str]]
    is_needed: bool = False


STEPS = (
    LaunchStep(
        "name",
        lazy_gettext("Name of the shop"),
        lazy_gettext("The shop still has the name of the demo. Give it yours."),
        lambda facts: facts.has_name,
        (("admin_settings.show", lazy_gettext("Settings")),),
        is_needed=True,
    ),
    LaunchStep(
        "country",
        lazy_gettext("Country and currency"),
        lazy_gettext("Say where your shop is, and check the currency before your first product."),
        lambda facts: facts.has_country,
        (("admin_settings.show", lazy_gettext("Settings")),),
    ),
    LaunchStep(
        "taxes",
        lazy_gettext("Taxes"),
        lazy_gettext("The taxes are examples. Enter yours, or say that you charge none."),
        lambda facts: "tax" in facts.own_terms,
        (("admin_terms.tax", lazy_gettext("Taxes")),),
        is_needed=True,
    ),
    LaunchStep(
        "delivery",
        lazy_gettext("Delivery"),
        lazy_gettext("The delivery methods are examples. Enter yours, with their prices and countries."),
        lambda facts: "delivery" in facts.own_terms,
        (("admin_terms.delivery", lazy_gettext("Delivery")),),
        is_needed=True,
    ),
    LaunchStep(
        "payment",
        lazy_gettext("Payment"),
        lazy_gettext("The ways to pay are examples. Enter your bank account, or set up card payment."),
        lambda facts: "payment" in facts.own_terms,
        (("admin_terms.payment", lazy_gettext("Payment")),),
    ),
    LaunchStep(
        "legal pages",
        lazy_gettext("Legal pages"),
        lazy_gettext(
            "Publish an imprint, terms of sale and a page about privacy. There are drafts to start from."
        ),
        lambda facts: facts.legal_pages == len(LEGAL_PAGES),
        (("admin_content.all_pages", lazy_gettext("Pages")),),
        is_needed=True,
    ),
    LaunchStep(
        "products",
        lazy_gettext("Your first product"),
        lazy_gettext("The shop has no product of yours yet. Add one, or import your catalogue."),
        lambda facts: facts.has_product,
        (
            ("admin_product_form.new", lazy_gettext("New product")),
            ("admin_uploads.new", lazy_gettext("Import")),
        ),
    ),
    LaunchStep(
        "demo",
        lazy_gettext("Remove the demo"),
        lazy_gettext("The products of the demo are still for sale. Remove them when you have seen enough."),
        lambda facts: not facts.has_demo,
        (("admin_launch.demo", lazy_gettext("Remove the demo")),),
    ),
    LaunchStep(
        "letter",
        lazy_gettext("Test letter"),
        lazy_gettext("Send yourself a test letter, so that you know that customers get theirs."),
        lambda facts: facts.has_tested_letter,
        (("admin_letters.all_kinds", lazy_gettext("Letters")),),
    ),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps of this shop, each with whether it is done; `is_hidden`: on the first page of the back office."""

    steps: Sequence[tuple[LaunchStep, bool]]
    is_hidden: bool

    @property
    def count(self) -> int:
        """How many steps are done."""
        return sum(is_done for _step, is_done in self.steps)

    @property
    def next_step(self) -> LaunchStep | None:
        """The first step that is not done; None if all are."""
        return next((step for step, is_done in self.steps if not is_done), None)

    @property
    def is_complete(self) -> bool:
        """Whether all steps are done."""
        return self.count == len(self.steps)


def read_progress() -> Progress:
    """Return the steps with what is done of them, with one statement."""
    facts = read_facts()
    return Progress([(step, step.done(facts)) for step in STEPS], facts.is_hidden)


def missing_in_production(progress: Progress) -> list[LaunchStep]:
    """Return the steps without which a shop in production should not be; none in development."""
    if current_app.config["ENV"] != "production":
        return []
    return [step for step, is_done in progress.steps if step.is_needed and not is_done]
