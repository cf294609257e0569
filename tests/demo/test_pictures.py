"""The demo's pictures: one file for each that the catalogue names, small enough, and drawn from its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageStat

from benchmarks import pictures as drawing
from storefront.catalog.pictures import WIDTHS
from storefront.demo import catalogue
from storefront.demo.catalogue import PICTURES, DemoPicture

WANTED = catalogue.list_pictures(catalogue.read_products())
MAX_BYTES = 6_000_000  # of all pictures: everybody who clones the repository downloads them


def test_each_picture_of_the_catalogue_has_its_file() -> None:
    assert sorted(PICTURES.iterdir()) == sorted(picture.file for picture in WANTED)


def test_pictures_are_small_in_all_and_no_two_are_equal() -> None:
    files = [picture.file.read_bytes() for picture in WANTED]
    assert sum(map(len, files)) <= MAX_BYTES
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("form", sorted({picture.form for picture in WANTED}))
def test_pictures_show_a_thing_on_a_ground(form: str) -> None:
    for file in (picture.file for picture in WANTED if picture.form == form):
        image = opened(file)
        assert (image.width, image.height) == (WIDTHS[-1], WIDTHS[-1])
        image = image.resize((256, 256))
        colours = image.getcolors(256 * 256)
        assert colours is not None
        assert len(colours) > 400, file.name
        corner = ImageStat.Stat(image.crop((0, 0, 24, 24))).mean
        far = sum(
            number
            for number, pixel in colours
            if max(abs(a - b) for a, b in zip(pixel, corner, strict=True)) > 40
        )
        assert far / 256**2 > 0.04, f"{file.name} shows hardly anything"
        assert max(ImageStat.Stat(image).stddev) > 12, file.name


def test_product_has_the_colour_that_its_picture_is_named_by() -> None:
    def middle(colour: str) -> tuple[float, ...]:
        picture = next(p for p in WANTED if (p.form, p.colour, p.view) == ("mug", colour, "front"))
        return tuple(ImageStat.Stat(opened(picture.file).crop((360, 520, 560, 720))).mean)

    colours = [p.colour for p in WANTED if (p.form, p.view) == ("mug", "front")]
    red, _, blue = middle(next(colour for colour in colours if colour in ("rust", "clay", "ochre", "oat")))
    assert red > blue
    red, _, blue = middle(
        next(colour for colour in colours if colour in ("indigo", "cobalt", "sky", "slate"))
    )
    assert blue > red


@pytest.mark.parametrize("view", drawing.VIEWS)
@pytest.mark.parametrize("form", drawing.FORMS)
def test_each_form_can_be_drawn_in_each_view(form: str, view: str) -> None:
    svg = drawing.draw(form, view=view, colour="indigo")
    assert svg.startswith("<svg ")
    assert svg.count("<path") + svg.count("<ellipse") + svg.count("<rect") > 5


def test_drawings_of_the_catalogue_differ() -> None:
    assert len({draw(picture) for picture in WANTED}) == len(WANTED)


def test_the_same_words_give_the_same_drawing() -> None:
    first = drawing.draw("teapot", pattern="speckle", seed="a")
    assert first == drawing.draw("teapot", pattern="speckle", seed="a")
    assert first != drawing.draw("teapot", pattern="speckle", seed="b")


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("spaceship", {}),
        ("mug", {"view": "below"}),
        ("mug", {"pattern": "tartan"}),
        ("mug", {"colour": "octarine"}),
    ],
)
def test_an_unknown_word_is_refused_with_the_known_ones(form: str, how: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="there are: "):
        drawing.draw(form, **how)


def draw(picture: DemoPicture) -> str:
    return drawing.draw(**picture._asdict(), seed=picture.colour)


def opened(file: Path) -> Image.Image:
    with Image.open(file) as image:
        assert image.format == "WEBP"
        assert "exif" not in image.info
        return image.convert("RGB")
