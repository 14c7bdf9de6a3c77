"""Makes a bank: `python -m simulator OUT --customers 2000`."""

import argparse
from datetime import date
from pathlib import Path

from simulator.settings import DefectShares, Settings
from simulator.simulate import simulate


def main() -> None:
    """Read the command line and make the bank."""
    default = Settings()
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("out", type=Path, help="folder to make the bank in")
    parser.add_argument("--customers", type=int, default=default.customers)
    parser.add_argument("--days", type=int, default=default.days)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--end", type=date.fromisoformat, default=default.end)
    parser.add_argument(
        "--transactions-per-customer", type=float, default=default.transactions_per_customer
    )
    parser.add_argument(
        "--sessions-per-customer", type=float, default=default.sessions_per_customer
    )
    parser.add_argument("--sound", action="store_true", help="plant no defects")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--memory", default="4GB", help="limit of the engine")
    given = parser.parse_args()
    shares = DefectShares.none() if given.sound else default.defects
    made = simulate(
        given.out, given.customers, given.days, given.seed, given.end, defects=shares,
        transactions_per_customer=given.transactions_per_customer,
        sessions_per_customer=given.sessions_per_customer,
        threads=given.threads, memory=given.memory,
    )  # fmt: skip
    parser.exit(0, f"{made.transactions} transactions and {made.files} files in {made.out}\n")


if __name__ == "__main__":
    main()
