"""Conventions of templates, style sheets and elements, read from the files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHEETS = sorted((ROOT / "static" / "css").rglob("*.css"))
ELEMENTS = sorted((ROOT / "static" / "js" / "elements").glob("*.js"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(
    ("files", "most"),
    [(TEMPLATES, 80), (SHEETS, 150), (ELEMENTS, 120)],
    ids=["templates", "sheets", "elements"],
)
def test_files_stay_short(files: list[Path], most: int) -> None:
    assert files
    assert {name_of(f): n for f in files if (n := len(f.read_text().splitlines())) > most} == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_template_begins_with_its_contract(template: Path) -> None:
    assert template.read_text().startswith("{# ")


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_template_has_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text()
    is_letter = name_of(template) == "templates/mail/message.html"  # mail programs drop style sheets
    assert is_letter or not re.search(r"\sstyle=", text)
    assert not re.search(r"<style|\son[a-z]+=|javascript:", text)
    assert re.findall(r"<script(?! type=\"application/ld\+json\"| type=\"module\" async src=)", text) == []


def test_no_component_is_unused() -> None:
    text = "".join(t.read_text() for t in TEMPLATES)
    components = [t for t in TEMPLATES if t.parent.name in ("components", "layouts")]
    assert [name_of(c) for c in components if f'"{c.parent.name}/{c.name}"' not in text] == []


def test_no_class_of_a_style_sheet_is_unused() -> None:
    used = "".join(path.read_text() for path in [*TEMPLATES, *ELEMENTS])
    stems = {
        "stock-badge": ("--in", "--low", "--order"),
        "chart": (
            *(f"__key--{shape}" for shape in ("line-2", "line-3", "area-1", "area-2")),
            *("__line", "__line--2", "__line--3", "__area", "__area--2"),
        ),
        "picture": tuple(f"--ground-{n}" for n in range(1, 5)),
    }
    made = {f"{block}{end}" for block, ends in stems.items() for end in ends}  # composed in the template
    made |= {f"icon--{name}" for name in ("arrow", "back", "chevron")}
    sheets = "".join(re.sub(r"/\*.*?\*/|url\(.*?\)", "", s.read_text(), flags=re.S) for s in SHEETS)
    classes = set(re.findall(r"\.([a-z][a-z0-9_-]*)(?=[^{}]*\{)", sheets))
    assert (
        sorted(c for c in classes - made if not re.search(rf"(?<![\w-]){re.escape(c)}(?![\w-])", used)) == []
    )


@pytest.mark.parametrize("sheet", SHEETS, ids=name_of)
def test_css_rules_are_in_layers_and_use_colour_tokens(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
    outside = re.sub(r"@layer [a-z]+ \{.*\n\}", "", text, flags=re.S)
    outside = re.sub(r"@layer [a-z, ]+;", "", outside)
    assert outside.strip() == ""
    if sheet.name != "tokens.css":
        colours = re.findall(r"#[0-9a-f]{6}\b|rgb\(|oklch\(|hsl\(", text)
        assert colours == []


def physical_css(text: str) -> list[str]:
    """Return what names a side of the screen in place of the text's direction, such as "margin-left"."""
    rules = re.sub(r"/\*.*?\*/|env\(.*?\)", "", text, flags=re.S)
    side = "left|right|top|bottom"
    physical = (
        rf"(?<![\w(-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:{side})[\w-]*"
        rf"|border-(?:top|bottom)-(?:left|right)-radius|{side}|(?:min-|max-)?(?:width|height)) *:"
        r"|(?:text-align|float|clear): *(?:left|right)\b"
    )
    return re.findall(physical, rules)


@pytest.mark.parametrize("sheet", SHEETS, ids=name_of)
def test_css_follows_the_direction_of_the_text(sheet: Path) -> None:
    # The safe areas of a screen have sides.
    screens = r"padding-(left|right): env\(safe-area-inset-\1\);"
    assert physical_css(re.sub(screens, "", sheet.read_text())) == []


def test_a_physical_property_is_found() -> None:
    wrong = "a { margin-left: 1px; text-align: left; left: 0; border-top-left-radius: 0; max-width: 2px }"
    assert len(physical_css(wrong)) == 5
    assert physical_css("a { margin-inline: 1px; inset-inline-start: 0 } @media (min-width: 9rem) {}") == []


@pytest.mark.parametrize("element", ELEMENTS, ids=name_of)
def test_element_has_its_files_name_and_disconnects(element: Path) -> None:
    text = element.read_text()
    assert f'customElements.define("{element.stem}"' in text
    assert "disconnectedCallback" in text
