"""The longest chain of the project's own calls while landed files become published rows.

The command takes in a file of customers and one of cards in a process of its own, so that any
checkout can be measured: each call of a function of the packages notes how many of them are on the
stack.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.run.deliveries import DAY, two_feeds

PROGRAM = """
import json, sys, threading
from pathlib import Path

root, home, landing, date = sys.argv[1:]
sys.path.insert(0, root)
own = tuple(f"{Path(root) / package}/" for package in ("customer360_assets", "resources"))
longest = []

def note(frame, event, _value):
    if event != "call" or not frame.f_code.co_filename.startswith(own):
        return
    chain = []
    while frame is not None:
        code = frame.f_code
        # Neither a comprehension nor what a module runs when it is imported is a step.
        if code.co_filename.startswith(own) and not code.co_name.startswith("<"):
            chain.append(f"{Path(code.co_filename).relative_to(root)}: {code.co_qualname}")
        frame = frame.f_back
    if len(chain) > len(longest):
        longest[:] = chain[::-1]

from customer360_assets.cli.main import app

threading.setprofile(note)
sys.setprofile(note)
try:
    app(["run", "--home", home, "--landing", landing, "--business-date", date])
except SystemExit as end:
    sys.setprofile(None)
    print(json.dumps({"code": end.code, "chain": longest}), file=sys.__stderr__)
"""


def longest_chain(root: Path) -> list[str]:
    """Return the functions on the stack, outermost first, each with its file."""
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder) / "landing"
        for name, content in two_feeds().items():
            (landing / name).parent.mkdir(parents=True, exist_ok=True)
            (landing / name).write_bytes(content.encode() if isinstance(content, str) else content)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, root, f"{folder}/home", landing, DAY],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    found = json.loads(done.stderr.splitlines()[-1])
    if found["code"]:
        raise RuntimeError(f"the run ended with {found['code']}:\n{done.stdout}{done.stderr}")
    return [str(step) for step in found["chain"]]
