"""The lists of packages suit Linux and macOS, x86-64 and ARM; `make wheels` asks the index for the files."""

from __future__ import annotations

import pytest

from tests import older_pins, wheels
from tests.processes import ROOT

PINS = wheels.read_pins(ROOT / "requirements.txt")


def test_each_platform_gets_one_version_of_each_package() -> None:
    assert len(PINS) > 50
    assert all(pin.digests for pin in PINS)
    for platform in wheels.PLATFORMS:
        for python in wheels.PYTHONS:
            names = [pin.name for pin in PINS if pin.is_needed(platform.environment(python))]
            assert sorted(names) == sorted({pin.name for pin in PINS}), (platform.name, python)


def test_no_platform_needs_a_package_that_the_list_lacks() -> None:
    assert list(wheels.missing_pins(PINS)) == []
    lacking = [pin for pin in PINS if pin.name != "greenlet"]
    assert {text.split()[2] for text in wheels.missing_pins(lacking)} == {"greenlet"}


def test_a_missing_wheel_is_named() -> None:
    pin = wheels.Pin("pot", "1.0", 'sys_platform == "darwin"', frozenset({"ab"}))
    file = "pot-1.0-cp312-abi3-macosx_11_0_universal2.whl"
    missing = list(wheels.missing_wheels([pin], {"pot": [(file, "ab"), ("pot-1.0.tar.gz", "ab")]}))
    assert missing == [
        f"pot 1.0 has no wheel for macOS {machine}, Python 3.11." for machine in ("arm64", "x86-64")
    ]
    assert len(list(wheels.missing_wheels([pin], {"pot": [(file, "cd")]}))) == 8, (
        "pip accepts no other digest"
    )


def test_an_index_that_does_not_answer_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wheels, "INDEX", "http://127.0.0.1:1/simple")
    monkeypatch.setattr(wheels, "ATTEMPTS", 1)
    assert wheels.main() == 0
    assert capsys.readouterr().out.startswith(
        "Wheels are not checked: http://127.0.0.1:1/simple does not answer"
    )


def test_older_versions_are_added_once() -> None:
    digests = {name: ["ab"] for name, *_ in older_pins.OLDER}
    text = "flask==1 \\\n    --hash=sha256:cd\ngevent==26.9.0 \\\n    --hash=sha256:ef\n"
    once = older_pins.add_older(text, digests)
    assert once.count("gevent==") == 2
    assert "gevent==26.9.0 ; sys_platform != " in once
    assert older_pins.add_older(once, digests) == once
