"""Rows per second of a Shopify CSV: export, import, and import of the same file again."""

from __future__ import annotations

from benchmarks import shops


def run(*, products: int) -> None:
    """Print the rows per second of exporting a generated catalogue, importing it, and importing it again."""
    size = min(products, 10_000)
    with shops.empty() as source, shops.empty() as target:
        shops.command(source, "demo", "--products", str(size), "--seed", "1", "--no-pictures")
        file = source / "catalogue.csv"
        rows = []
        for name, place, arguments in (
            ("export", source, ("catalog", "export", str(file))),
            ("import into an empty shop", target, ("catalog", "import", str(file))),
            ("import of the same file again", target, ("catalog", "import", str(file))),
        ):
            seconds = shops.command(place, *arguments)
            with file.open() as lines:
                count = sum(1 for _ in lines) - 1
            rows.append([name, f"{count:,}", f"{seconds:.1f}", f"{count / seconds:,.0f}"])
        shops.table("Shopify CSV", ["", "rows", "seconds", "rows/s"], rows)
