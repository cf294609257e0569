"""The pictures: every form can be drawn in every view, shows something, and is the same every time."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageStat

from storefront.demo import catalogue, drawing

FIRST = {item.form: item for item in catalogue.products()}


def picture(form: str, size: int = 256, **how: str) -> Image.Image:
    svg = drawing.draw(form, **how)
    return Image.open(io.BytesIO(drawing.render(svg, size))).convert("RGB")


@pytest.mark.parametrize("view", drawing.VIEWS)
@pytest.mark.parametrize("form", drawing.FORMS)
def test_picture_shows_a_thing_on_a_ground(form: str, view: str) -> None:
    image = picture(form, view=view, colour="indigo")
    assert image.size == (256, 256)
    colours = image.getcolors(256 * 256)
    assert colours is not None
    assert len(colours) > 400
    corner = ImageStat.Stat(image.crop((0, 0, 24, 24))).mean
    far = sum(
        number
        for number, pixel in colours
        if max(abs(a - b) for a, b in zip(pixel, corner, strict=True)) > 40
    )
    assert far / 256**2 > 0.04, "there is hardly anything to be seen"
    assert max(ImageStat.Stat(image).stddev) > 12


def test_every_picture_of_the_catalogue_is_one_of_its_own() -> None:
    drawn = {
        drawing.draw(
            item.form, material=item.material, colour=colour, pattern=item.pattern, view=view, seed=colour
        )
        for item in catalogue.products()
        for colour, view in item.pictures
    }
    wanted = {
        (item.form, item.material, item.pattern, colour, view)
        for item in catalogue.products()
        for colour, view in item.pictures
    }
    assert len(drawn) == len(wanted)


def test_same_words_give_the_same_picture() -> None:
    first = drawing.draw("teapot", pattern="speckle", seed="a")
    assert first == drawing.draw("teapot", pattern="speckle", seed="a")
    assert first != drawing.draw("teapot", pattern="speckle", seed="b")


def test_colour_of_the_variant_is_the_colour_of_the_thing() -> None:
    def middle(colour: str) -> tuple[float, ...]:
        return tuple(ImageStat.Stat(picture("mug", colour=colour).crop((90, 130, 140, 180))).mean)

    red, _, blue = middle("rust")
    assert red > blue + 40
    red, _, blue = middle("cobalt")
    assert blue > red + 40


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("spaceship", {}),
        ("mug", {"view": "below"}),
        ("mug", {"pattern": "tartan"}),
        ("mug", {"colour": "octarine"}),
    ],
)
def test_unknown_word_is_refused_with_those_there_are(form: str, how: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="there are: "):
        drawing.draw(form, **how)
