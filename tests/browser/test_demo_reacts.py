"""The demo's last lines, followed to the letter, make tomorrow's profiles in a running UI."""

from __future__ import annotations

import datetime as dt
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from customer360_assets.cli.demo import END
from resources.deployment.deployment import deployment
from resources.wiring.deployed import services_of
from tests.browser import pages
from tests.browser.session import browser, chromium, serve
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
NEXT = END + dt.timedelta(days=1)
FRESH = "Passing"


def commands_of(home: Path) -> list[list[str]]:
    """Run the demo; return the commands that it ends with."""
    demo = [str(BIN / "customer360"), "demo", "--home", str(home)]
    command = [*demo, "--customers", "60", "--days", "20"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = (line.strip() for line in done.stdout.splitlines())
    return [shlex.split(line) for line in lines if line.startswith((".venv/bin/", "cp "))]


def follow(command: list[str]) -> None:
    """Run a line, with the command of this environment."""
    if command[0] == "cp":
        shutil.copyfile(*command[1:])
    else:
        subprocess.run([BIN / "customer360", *command[1:]], check=True, capture_output=True)


def profiles(home: Path, date: dt.date) -> int:
    dates: dict[dt.date, int] = services_of(deployment(home))["lake"].dates("profile.customer_360")
    return dates.get(date, 0)


def wait_until_shown(page: Page, date: dt.date) -> None:
    """Reload the profile's page until its newest materialization is of a date."""
    deadline = time.monotonic() + PATIENCE
    while True:
        pages.overview(page)
        if page.get_by_text(str(date), exact=True).first.is_visible():
            return
        assert time.monotonic() < deadline, f"no profile of {date} within {PATIENCE} s"
        time.sleep(5)


def test_a_dropped_file_becomes_a_profile_by_itself(tmp_path: Path) -> None:
    if chromium() is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    home = tmp_path / "home"
    commands = commands_of(home)
    (switch_on,) = (c for c in commands if c[1:3] == ["automation", "on"])
    (drop,) = (c for c in commands if c[0] == "cp")
    follow(switch_on)
    with serve(home) as ui, browser(ui) as page:
        pages.overview(page)
        expect(page.get_by_text(str(END), exact=True).first).to_be_visible()
        assert profiles(home, NEXT) == 0
        follow(drop)
        wait_until_shown(page, NEXT)
        assert profiles(home, NEXT) == profiles(home, END) == 60
        pages.checks(page, pages.PROFILE, "contract", re.compile("60 rows keep all"))
        page.goto("/assets/raw/delivery")
        expect(page.get_by_text(FRESH).first).to_be_visible()
