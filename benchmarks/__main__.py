"""`make bench`: all benchmarks, or the named ones: `python -m benchmarks catalogue importing`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import (
    api,
    basket,
    bulk_prices,
    cache,
    catalogue,
    cliff,
    coherence,
    csv_import,
    dictionaries,
    edge_coherence,
    limits,
    office,
    open_streams,
    orders,
    pages,
    refusals,
    scale,
    servers,
    sessions,
    streams,
    tabs,
)

BENCHMARKS: dict[str, Callable[..., None]] = {
    "api": api.run,
    "basket": basket.run,
    "cache": cache.run,
    "catalogue": catalogue.run,
    "cliff": cliff.run,
    "coherence": coherence.run,
    "dictionaries": dictionaries.run,
    "holding": open_streams.run,
    "importing": csv_import.run,
    "limits": limits.run,
    "office": office.run,
    "orders": orders.run,
    "pages": pages.run,
    "prices": bulk_prices.run,
    "refusals": refusals.run,
    "scale": scale.run,
    "sessions": sessions.run,
    "streams": streams.run,
    "tabs": tabs.run,
}
ON_BOTH = {"catalogue", "office"}  # benchmarks that measure either database


def main() -> None:
    servers.unwind_when_ended()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)} (default: all)"
    )
    parser.add_argument(
        "--products", type=int, default=1_000_000, help="size of the large shop (default 1,000,000)"
    )
    parser.add_argument(
        "--edge", choices=["varnish"], help="`coherence` measures this edge instead of a worker"
    )
    parser.add_argument(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="of the shops of `catalogue` and `office` (default sqlite); PostgreSQL gets a server of its own",
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(
            f"there is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}"
        )
    if arguments.products < 1000:
        parser.error("--products must be at least 1000")
    if arguments.edge:
        if arguments.names != ["coherence"]:
            parser.error("--edge is for coherence alone")
        edge_coherence.run()
        return
    if arguments.database != "sqlite" and not 0 < len(arguments.names) == len(ON_BOTH & {*arguments.names}):
        parser.error("--database is for catalogue and office alone")
    for name in arguments.names or BENCHMARKS:
        more = {"database": arguments.database} if name in ON_BOTH else {}
        BENCHMARKS[name](products=arguments.products, **more)


if __name__ == "__main__":
    main()
