"""The plot of README.md, by the peers' environment: `python plot.py results`.

Imports nothing of the platform: matplotlib is only there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl  # type: ignore[import-not-found]  # in the peers' environment
from matplotlib import pyplot as plt

mpl.use("Agg")
COLOURS = {"platform": "#1f4e79", "floor": "#7f7f7f", "dbt-duckdb": "#c55a11", "PySpark": "#538135"}


def main() -> None:
    """Write cost.png beside the results: CPU seconds and memory by customers."""
    folder = Path(sys.argv[1])
    results = [json.loads(f.read_text(encoding="utf-8")) for f in folder.glob("*.json")]
    results.sort(key=lambda r: r["bank"]["customers"])
    figure, (seconds, memory) = plt.subplots(1, 2, figsize=(11, 4.2))
    for name, colour in COLOURS.items():
        measured = [r for r in results if name in r["subjects"]]
        sizes = [r["bank"]["customers"] for r in measured]
        for axis, key, unit in (
            (seconds, "cpu_seconds", 1),
            (memory, "peak_rss_bytes", 1e9),
        ):
            values = [r["subjects"][name][key] / unit for r in measured]
            axis.plot(sizes, values, "o-", color=colour, label=name)
    for axis, title in ((seconds, "CPU seconds"), (memory, "peak memory, GB")):
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("customers")
        axis.set_title(title)
        axis.grid(visible=True, which="major", alpha=0.3)
    seconds.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(folder / "cost.png", dpi=110)


if __name__ == "__main__":
    main()
