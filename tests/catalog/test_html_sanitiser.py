"""Descriptions: active content is removed, text and structure are kept."""

from __future__ import annotations

import pytest

from storefront.catalog.description_pictures import show_pictures
from storefront.catalog.html_sanitiser import below_heading, describe_removed, sanitise


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="JaVaScRiPt&#58;alert(1)">x</a>',
        '<a href="data:text/html,<script>1</script>">x</a>',
        "<svg><script>alert(1)</script></svg>",
        "<p onclick=alert(1) style='position:fixed'>x</p>",
        "<iframe src=//evil.example></iframe>",
        "<style>body{display:none}</style>",
        "<form action=//evil.example><input name=password></form>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<p>a\x00b</p>",
    ],
)
def test_active_content_is_removed(html: str) -> None:
    clean = sanitise(html).casefold()
    for evil in (
        "<script",
        "onerror",
        "onclick",
        "javascript:",
        "data:",
        "<svg",
        "<iframe",
        "<style",
        "<form",
        "style=",
    ):
        assert evil not in clean
    assert "\x00" not in clean
    assert "alert" not in clean or "<p>" in clean


def test_what_stands_in_active_elements_is_removed_too() -> None:
    for name in ("script", "style", "iframe", "object", "svg", "math", "template", "noscript"):
        assert sanitise(f"<p>kept</p><{name}>not for readers</{name}>") == "<p>kept</p>", name


def test_text_lists_tables_and_links_are_kept() -> None:
    html = "<h2>Care</h2><p>By <strong>hand</strong>.</p><ul><li>one</li></ul>"
    html += '<table><tr><td colspan="2">x</td></tr></table>'
    clean = sanitise(html + '<a href="https://maker.example/">maker</a>')
    for kept in (
        "<h2>",
        "<strong>",
        "<li>one</li>",
        'colspan="2"',
        'href="https://maker.example/"',
        'rel="noopener nofollow"',
    ):
        assert kept in clean


def test_sanitising_twice_changes_nothing() -> None:
    once = sanitise("<p>a & b <br> <b>c</p><li>d")
    assert sanitise(once) == once


def test_links_get_nofollow_and_noopener() -> None:
    assert 'rel="noopener nofollow"' in sanitise('<a href="https://maker.example/">maker</a>')


def test_headings_continue_the_page_levels_without_a_gap() -> None:
    html = "<h1>Care</h1><h4>By hand</h4><h2>Size</h2><h1>Origin</h1><p>x</p>"
    wanted = "<h3>Care</h3><h4>By hand</h4><h4>Size</h4><h3>Origin</h3><p>x</p>"
    assert below_heading(sanitise(html), 2) == wanted
    assert below_heading(wanted, 2) == wanted


@pytest.mark.parametrize(
    "attribute", ["id", "class", "name", "style", "data-to", "is", "slot", "form", "onclick"]
)
@pytest.mark.parametrize(
    "tag", ["p", "div", "span", "a", "h2", "td", "th", "table", "ul", "img", "form", "input"]
)
def test_attributes_that_the_page_uses_are_removed(tag: str, attribute: str) -> None:
    """An id or a class of the page's own would move its scripts and styles to the merchant's text."""
    html = f'<table><tr><td><{tag} {attribute}="basket-count" title="t">text</{tag}></td></tr></table>'
    assert attribute + "=" not in sanitise(html)
    assert "basket-count" not in sanitise(html)
    assert "text" in sanitise(html)


def test_pictures_details_and_marked_changes_are_kept() -> None:
    kept = (
        '<figure><img src="https://cdn.example/a.png" alt="A pot" width="10" height="20">'
        "<figcaption>Pot</figcaption></figure>"
        "<details><summary>Care</summary>By hand</details><p><del>old</del> <ins>new</ins> "
        '<abbr title="centimetre">cm</abbr> <mark>!</mark></p>'
    )
    assert sanitise(kept) == kept


def test_words_around_a_removed_block_do_not_join() -> None:
    html = "<section>One</section><section>Two</section><center>3</center>a<font>b</font>c<video></video>d"
    assert sanitise(html).split() == ["One", "Two", "3", "abc", "d"]


def test_what_was_taken_out_is_counted() -> None:
    html = "<iframe></iframe><IFRAME src=x></IFRAME><script>1</script><video><source></video><p>text</p>"
    assert describe_removed(html) == "had 2 frames, 1 video, 1 script, which the shop does not show"
    assert describe_removed("<p>text</p><img src=a.png>") is None


@pytest.mark.parametrize(
    "source",
    [
        "https://tracker.example/p.png",
        "//tracker.example/p.png",
        "/\\tracker.example/p.png",
        "/files/p.png",
        "data:image/png;base64,AA",
        "javascript:alert(1)",
        "https://tracker.example/media/" + "a" * 32 + "-320.webp",
        'x" onerror="alert(1)',
        "x' onerror='alert(1)",
    ],
)
def test_a_picture_of_another_site_is_shown_as_its_text(source: str) -> None:
    for quote in ('"', "'"):
        html = f"<img alt='a pot > &lt;b&gt;' src={quote}{source}{quote}><p>x</p>"
        assert show_pictures(sanitise(html), {}) == "a pot &gt; &lt;b&gt;<p>x</p>"


def test_a_picture_of_the_shop_is_shown() -> None:
    html = f'<p><img src="/media/{"a" * 32}-320.webp" alt=""></p>'
    assert show_pictures(sanitise(html), {}) == html
