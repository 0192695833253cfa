"""Report known vulnerabilities of what is installed, Python and npm. Never fails: a database may be out of reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 120


def answer_of(command: list[str], folder: Path) -> tuple[dict, str]:
    """Return what a command says as JSON, and why it says nothing."""
    try:
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False, env=os.environ
        )
    except FileNotFoundError:
        return {}, f"{command[0]} is not installed"
    except subprocess.TimeoutExpired:
        return {}, f"no answer within {SECONDS} s"
    try:
        return json.loads(run.stdout), ""
    except ValueError:
        said = (run.stderr or run.stdout).strip().splitlines()
        return {}, said[-1][:200] if said else f"it ended with {run.returncode} and said nothing"


def audit_python() -> list[str]:
    options = ["--local", "--skip-editable", "--progress-spinner", "off", "--format", "json"]
    answer, problem = answer_of([sys.executable, "-m", "pip_audit", *options], ROOT)
    if problem:
        return [f"Python packages were not audited: {problem}"]
    packages = answer["dependencies"]
    looked_up = [package for package in packages if "skip_reason" not in package]
    if not looked_up:
        return ["Python packages were not audited: no database of vulnerabilities that knows them is reachable"]
    found = [package for package in looked_up if package["vulns"]]
    lines = [f"Python: {len(looked_up)} of {len(packages)} packages audited, {len(found)} with known vulnerabilities"]
    for package in found:
        for known in package["vulns"]:
            fixed = ", ".join(known["fix_versions"]) or "none"
            lines.append(f"  {package['name']} {package['version']}: {known['id']}, fixed in: {fixed}")
    return lines


def audit_npm() -> list[str]:
    answer, problem = answer_of(["npm", "audit", "--json"], ROOT / "js")
    if not problem and "vulnerabilities" not in answer:
        problem = str(answer.get("message") or answer.get("error", {}).get("summary") or answer)[:200]
    if problem:
        return [f"npm packages were not audited: {problem}"]
    found = answer["vulnerabilities"]
    lines = [f"npm (development alone; the wheel carries none): {len(found)} packages with known vulnerabilities"]
    return [*lines, *(f"  {name}: {known['severity']}, {known['range']}" for name, known in found.items())]


if __name__ == "__main__":
    print("\n".join([*audit_python(), *audit_npm()]))
