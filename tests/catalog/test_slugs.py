"""Slugs of handles, titles and categories, and the addresses that they make."""

from __future__ import annotations

import unicodedata
from html import unescape

import pytest
from flask.testing import FlaskClient

from storefront.catalog import categories
from storefront.catalog.models import MAX_PATH, Category
from storefront.catalog.slugs import earlier_slugs, handle_slug, product_path, slugify
from storefront.extensions import write_transaction
from tests.factories import make_product

KEPT = (
    "茶碗",
    "tea_pot",
    "tea-pot",
    "Tea.Pot",
    "café",
    "چای‌ساز",
    "tea--pot",
    "-tea",
    "a+b",
    "a:b",
    "x" * 255,
)
CHANGED = (
    "tea pot",
    "a/b",
    "a?b",
    "a#b",
    "a%b",
    "a\\b",
    "a\x00b",
    "a\u202eb",
    "..",
    "\ud800",
    "x" * 256,
    "茶" * 255,
)


@pytest.mark.any_database
@pytest.mark.parametrize("handle", KEPT)
def test_a_handle_is_kept_as_the_slug(handle: str) -> None:
    assert handle_slug(f" {unicodedata.normalize('NFD', handle)}\u200e\n") == handle


@pytest.mark.any_database
@pytest.mark.parametrize("handle", CHANGED)
def test_a_handle_that_no_address_holds_gets_its_digest(handle: str) -> None:
    slug = handle_slug(handle)
    assert handle_slug(slug) == slug
    assert len(slug) <= 255
    assert len(slug.encode()) <= 600
    assert not set(slug) & set('/\\?#%" \x00\u202e')
    assert slug.strip(".")


@pytest.mark.any_database
def test_no_two_handles_share_a_slug() -> None:
    handles = {*KEPT, *CHANGED, "tea.pot", "a-b", "TEA-POT", "x" * 257, "茶" * 254}
    assert len({handle_slug(handle) for handle in handles}) == len(handles)
    assert handle_slug("%E8%8C%B6") == handle_slug("茶"), "one address in two spellings"
    assert handle_slug(" \u200e") == ""


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Łódź, Đakovo & Ørsted", "lodz-dakovo-and-orsted"),
        ("Straße Æther Œuvre", "strasse-aether-oeuvre"),
        ("Kırmızı İstanbul ğ", "kirmizi-istanbul-g"),
        ("Þór, Ðað, ŋ ħ ŧ ə", "thor-dad-ng-h-t-e"),
        ("Smørrebrød's", "smorrebrods"),
        ("ﬁne ＡＢＣ ½ x̂", "fine-abc-1-2-x"),
        ("Tea 茶碗 «Чайник»", "tea-茶碗-чайник"),
        ("हिन्दी पाठ", "हिन्दी-पाठ"),
        ("茶" * 200, "茶" * 66),
        ("!", "n-bb7208bc9b"),
    ],
)
def test_a_title_gets_letters_that_people_can_type(title: str, slug: str) -> None:
    assert slugify(title) == slug
    assert handle_slug(slug) == slug


@pytest.mark.any_database
def test_earlier_slugs_are_those_of_the_first_rule() -> None:
    assert earlier_slugs("tea_pot", "Ignored") == ("tea-pot",)
    assert earlier_slugs("茶碗", "") == ("n-a31944353a",)
    assert earlier_slugs("", "Łódź") == ("odz",)
    assert earlier_slugs("tea-pot", "") == earlier_slugs("", "Tea pot") == earlier_slugs("", "") == ()


def test_each_slug_answers_at_its_own_address(client: FlaskClient) -> None:
    slugs = ("茶碗", "tea_pot", "tea-pot", "Tea-Pot", "café", "a+b&c:d'e")
    for slug in slugs:
        make_product(f"Cup {slug}!", slug=slug)
    listed, sitemap = (unescape(client.get(at).text) for at in ("/products", "/sitemap-1.xml"))
    for slug in slugs:
        page = client.get(product_path(slug))
        assert (page.status_code, f"Cup {slug}!" in unescape(page.text)) == (200, True)
        assert f'rel="canonical" href="http://127.0.0.1:8000{product_path(slug)}"' in unescape(page.text)
        assert f'href="{product_path(slug)}"' in listed
        assert f"{product_path(slug)}</loc>" in sitemap


def test_categories_keep_the_path_of_an_earlier_version(app: object) -> None:
    with write_transaction() as session:
        root = categories.get_root(session)
        session.add(Category(parent_id=root.id, name="Łódź", slug="odz", path="odz"))
        session.add(Category(parent_id=root.id, name="Ré", slug="re", path="re"))
        session.flush()
        made = [categories.get_or_create(session, names).path for names in (["Łódź"], ["Łré"], ["Łódź", "Đ"])]
    assert made == ["odz", "lre", "odz/d"]


@pytest.mark.any_database
def test_a_category_has_as_many_levels_as_its_path_holds() -> None:
    assert categories.fit_levels(["Tea"] * 60) == ("Tea",) * 50
    kept = categories.fit_levels(["茶" * 60] * 10)
    assert len(kept) == MAX_PATH // 541
