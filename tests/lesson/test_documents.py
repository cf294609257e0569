"""Both documents of the lesson have the same steps, code and figures, and each step has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lesson import figures
from tests.lesson.__main__ import main, print_table
from tests.processes import ROOT

FOLDER = Path(__file__).parent
CODE = [path.read_text() for path in sorted(FOLDER.glob("*.py"))]
LABELS = {
    "en": ["What goes wrong.", "The test.", "Our idea.", "In the code.", "Exercise."],
    "ja": ["何が起きるか。", "テスト。", "考え方。", "コードの場所。", "演習。"],
}
LONGEST = 40  # lines of a naive version
LANGUAGES = pytest.mark.parametrize("language", figures.DOCUMENTS)


def read(language: str) -> str:
    return figures.DOCUMENTS[language].read_text()


def steps(language: str) -> dict[str, str]:
    """Return the text of each step by its number."""
    return dict(re.findall(r"^### (\d\.\d) [^\n]+\n(.*?)(?=^##|\Z)", read(language), re.M | re.S))


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


def without_indentation(code: str) -> str:
    """Return code without indentation and blank lines, so that a part of a function can be found in it."""
    return "".join(line.strip() + "\n" for line in code.splitlines() if line.strip())


def named_tests(text: str) -> list[str]:
    return re.findall(r"tests/lesson/(test_\w+\.py::\w+)", text)


def outline(language: str) -> list[str]:
    """Return the level and number of each heading, without its words."""
    plain = re.sub(r"^```.*?^```", "", read(language), flags=re.M | re.S)
    return [" ".join(found) for found in re.findall(r"^(#+) ([\d.]*)", plain, re.M)]


def messages(text: str) -> list[list[str]]:
    """Return the arrows of each timeline, without what they say."""
    return [
        re.findall(r"^ *(\w+[-x>]+\w+|Note over \w+|loop)", block, re.M) for block in blocks(text, "mermaid")
    ]


def test_both_documents_have_the_same_steps_and_code() -> None:
    assert outline("en") == outline("ja")
    for number, text in steps("en").items():
        translated = steps("ja")[number]
        assert blocks(text, "python") == blocks(translated, "python"), number
        assert messages(text) == messages(translated), number
        assert named_tests(text) == named_tests(translated), number
    assert blocks(read("en"), "python") == blocks(read("ja"), "python")


def test_both_documents_have_the_same_figures() -> None:
    english, japanese = (
        {number: (row.naive, row.ours) for number, row in figures.read_table(language).items()}
        for language in ("en", "ja")
    )
    assert english == japanese
    assert list(english) == list(steps("en")), "each step has a row"


@LANGUAGES
def test_each_exercise_has_a_hint(language: str) -> None:
    assert re.findall(r"^- \*\*(\d\.\d)\*\* ", read(language), re.M) == list(steps(language))


@LANGUAGES
def test_each_step_has_all_its_parts_and_one_test(language: str) -> None:
    for number, text in steps(language).items():
        assert re.findall(r"^\*\*(.+?)\*\*", text, re.M) == LABELS[language], number
        assert blocks(text, "python"), number
        assert len(messages(text)) == 1, number
        assert len(named_tests(text)) == 1, number


@LANGUAGES
def test_every_block_of_code_is_in_a_file_that_runs(language: str) -> None:
    files = [without_indentation(code) for code in CODE]
    for block in blocks(read(language), "python"):
        assert any(without_indentation(block) in code for code in files), block


def test_every_test_of_the_lesson_is_a_step() -> None:
    checked = [number for code in CODE for number in re.findall(r'figures\.check\("([\d.]+)"', code)]
    written = [
        f"{path.name}::{name}"
        for path in sorted(FOLDER.glob("test_*.py"))
        if path != Path(__file__)
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)
    ]
    assert sorted(checked) == sorted(steps("en"))
    assert sorted(written) == sorted(name for text in steps("en").values() for name in named_tests(text))


@LANGUAGES
def test_the_runner_prints_what_was_measured(
    language: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "measured", {"1.1": (50, 1), "1.5": (10_000, 1)})
    print_table(language)
    _, *lines = capsys.readouterr().out.splitlines()
    printed = {line.split()[0]: line.split()[-2:] for line in lines}
    assert list(printed) == list(steps(language))
    assert (printed["1.1"], printed["1.5"]) == (["50", "1"], ["10,000", "1"])
    assert printed["1.2"] == ["?", "?"], "this run has not measured it"


def test_the_runner_names_the_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("fr") == 2
    assert "en, ja" in capsys.readouterr().err


def test_naive_versions_are_short() -> None:
    for path in FOLDER.glob("naive_*.py"):
        assert len(path.read_text().splitlines()) <= LONGEST, path.name


def test_the_readme_and_the_documents_lead_to_the_lesson() -> None:
    for document in ("README.md", "docs/use-in-your-app.md", "docs/architecture.md"):
        assert "lesson.md" in (ROOT / document).read_text(), document
