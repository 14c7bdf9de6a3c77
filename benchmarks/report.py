"""The tables of README.md, from results/*.json: `python -m benchmarks.report`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
SMALL = 0.02
"""Parts below this share of the build are left out."""

Result = dict[str, Any]


def main() -> None:
    """Write the measured part of README.md anew."""
    files = sorted(HERE.glob("results/*.json"))
    results = [json.loads(f.read_text(encoding="utf-8")) for f in files]
    results.sort(key=lambda r: int(r["bank"]["customers"]))
    compared = [r for r in results if "floor" in r["subjects"]]
    readme = HERE / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    parts = [_machine(results[-1]), _subjects(results), "![cost by size](results/cost.png)",
             _parts(results), _assets(compared[-1])]  # fmt: skip
    text = "\n\n".join(parts)
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _machine(result: Result) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {v}" for name, v in result["versions"].items())
    return (
        f"{machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}; {versions};"
        f" measured on {result['measured_on']}."
    )


def _subjects(results: list[Result]) -> str:
    rows = []
    for result in results:
        bank, floor = result["bank"], result["subjects"].get("floor", {})
        for name, subject in result["subjects"].items():
            wall, cpu = subject["wall_seconds"], subject["cpu_seconds"]
            rows.append(
                [
                    f"{bank['customers']:,}",
                    f"{bank['transactions']:,}",
                    name,
                    f"{wall:,.1f}",
                    f"{wall / floor['wall_seconds']:.1f}" if floor else "",
                    f"{cpu:,.1f}",
                    f"{cpu / floor['cpu_seconds']:.1f}" if floor else "",
                    f"{subject['peak_rss_bytes'] / 1e9:.2f}",
                    f"{subject['load']:.1f}",
                ]
            )
    head = ["customers", "transactions", "subject", "wall s", "of floor", "CPU s", "of floor"]
    return _table([*head, "peak GB", "load before"], rows, texts=(2,))


def _parts(results: list[Result]) -> str:
    by_part = [r["subjects"]["platform"]["seconds_by_part"] for r in results]
    totals = [sum(parts.values()) for parts in by_part]
    names = sorted(by_part[-1], key=lambda name: -float(by_part[-1][name]))
    rows = [
        [name, *(_share(p.get(name, 0), t) for p, t in zip(by_part, totals, strict=True))]
        for name in names
        if any(p.get(name, 0) / t >= SMALL for p, t in zip(by_part, totals, strict=True))
    ]
    sizes = [f"{r['bank']['customers']:,}: CPU s (share)" for r in results]
    return "Where the build's CPU seconds go:\n\n" + _table(["part", *sizes], rows, texts=(0,))


def _share(seconds: float, total: float) -> str:
    return f"{seconds:,.1f} ({seconds / total:.0%})"


def _assets(result: Result) -> str:
    build = result["subjects"]["platform"]["seconds_by_table"]
    floor = result["subjects"]["floor"]["seconds_by_table"]
    rows = []
    for table, seconds in build.items():
        count = result["rows"].get(table)
        rate = f"{count / seconds:,.0f}" if count and seconds else ""
        below = f"{floor[table]:.1f}" if table in floor else ""
        rows.append([table, f"{count:,}" if count else "", f"{seconds:.1f}", rate, below])
    title = f"By asset at {result['bank']['customers']:,} customers:\n\n"
    head = ["asset", "rows", "seconds", "rows/s", "floor's seconds"]
    return title + _table(head, rows, texts=(0,))


def _table(head: list[str], rows: list[list[str]], texts: tuple[int, ...]) -> str:
    rule = ["---" if i in texts else "---:" for i in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


if __name__ == "__main__":
    main()
