"""`make pictures`: draw every picture of the demo catalogue into storefront/demo/pictures/, as WebP."""

from __future__ import annotations

import io
import os
from concurrent.futures import ProcessPoolExecutor

import resvg_py
from PIL import Image

from benchmarks.pictures import SIZE, draw
from storefront.demo import catalogue
from storefront.demo.catalogue import PICTURES, DemoPicture

QUALITY = 80  # as in storefront/catalog/pictures.py
EFFORT = 6  # the slowest method gives the smallest files


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    wanted = catalogue.list_pictures(catalogue.read_products())
    for file in set(PICTURES.glob("*.webp")) - {picture.file for picture in wanted}:
        file.unlink()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        size = sum(pool.map(write, wanted, chunksize=4))
    print(f"{len(wanted)} pictures with {size / 1e6:.2f} MB are in {PICTURES}.")


def write(picture: DemoPicture) -> int:
    """Draw a picture into its file; return the file's size in bytes."""
    svg = draw(**picture._asdict(), seed=picture.colour)
    with Image.open(io.BytesIO(render(svg))) as image:
        image.convert("RGB").save(picture.file, "WEBP", quality=QUALITY, method=EFFORT)
    return picture.file.stat().st_size


def render(svg: str) -> bytes:
    """Return an SVG document as a PNG picture."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIZE, height=SIZE, skip_system_fonts=True))


if __name__ == "__main__":
    main()
