"""python -m infra.check: stacks and image judged by our rules, cfn-lint and checkov."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.rules import broken
from infra.stacks import TEMPLATES
from infra.template import Json, text_of
from resources.account.aws_names import AwsNames

ACCOUNT, REGION = "1" * 12, "eu-central-1"
ENVIRONMENTS = ("prod", "branch-x")
"""One environment that keeps its data and one that does not; the others are as the first."""
DOCKERFILE = Path(__file__).resolve().parents[1] / "Dockerfile"
CFN_LINT = Path(sys.prefix) / "bin" / "cfn-lint"
CHECKOV = Path(sys.prefix) / "policy" / "bin" / "checkov"


def templates() -> dict[str, Json]:
    """Return the checked templates, by file name."""
    made = {}
    for environment in ENVIRONMENTS:
        names = AwsNames(account=ACCOUNT, region=REGION, environment=environment)
        for stack, template in TEMPLATES.items():
            made[f"{environment}-{stack}.json"] = template(names, None)
    return made


def judged(given: dict[str, Json]) -> list[str]:
    """Return the findings of our rules and of the tools on templates, as printed."""
    ours = [f"{name}: {what}" for name, template in given.items() for what in broken(template)]
    with tempfile.TemporaryDirectory() as folder:
        for name, template in given.items():
            (Path(folder) / name).write_text(text_of(template), encoding="utf-8")
        files = [str(Path(folder) / name) for name in sorted(given)]
        lint = [str(CFN_LINT), "--format", "parseable", *files]
        policy = [
            *(str(CHECKOV), "--directory", folder, "--framework", "cloudformation"),
            *("--compact", "--quiet", "--skip-download"),
        ]
        said = [_said(command) for command in (lint, policy)]
    return ["\n".join(part) for part in ([*ours], *([s] for s in said if s)) if part]


def judged_image(dockerfile: Path) -> list[str]:
    """Return checkov's findings on the image."""
    policy = [
        *(str(CHECKOV), "--file", str(dockerfile), "--framework", "dockerfile"),
        *("--compact", "--quiet", "--skip-download"),
    ]
    return [said] if (said := _said(policy)) else []


def _said(command: list[str]) -> str:
    """Return the output of a failed command; RuntimeError if it cannot run."""
    if not Path(command[0]).exists():
        raise RuntimeError(f"{command[0]} is not installed: run `make check`")
    quiet = {**os.environ, "LOG_LEVEL": "CRITICAL"}
    done = subprocess.run(  # noqa: S603 - two tools of the project
        command, env=quiet, capture_output=True, text=True, check=False, timeout=300
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main() -> int:
    """Print what is wrong; give 1 when something is."""
    wrong = judged(templates()) + judged_image(DOCKERFILE)
    sys.stderr.write("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
