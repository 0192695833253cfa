"""The audit of what is installed: what it says, with databases of vulnerabilities in reach and out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "audit.py"
#: Port 9 discards; nobody listens there.
NOWHERE = "http://127.0.0.1:9"

PYTHON_SAYS = {
    "dependencies": [
        {"name": "good", "version": "1.0", "vulns": []},
        {"name": "bad", "version": "0.1", "vulns": [{"id": "CVE-2099-1", "fix_versions": ["0.2"]}]},
        {"name": "worse", "version": "0.1", "vulns": [{"id": "CVE-2099-2", "fix_versions": []}]},
        {"name": "ours", "skip_reason": "not on PyPI"},
    ]
}
NPM_SAYS = {"vulnerabilities": {"left-pad": {"severity": "high", "range": "<1.3"}}}


def audit(**environment: str) -> list[str]:
    """Run the script, and return its lines once it has ended as it always should."""
    run = subprocess.run(
        [sys.executable, str(SCRIPT)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def test_out_of_reach_of_every_database_it_says_so_and_fails_nothing(tmp_path):
    places = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "npm_config_registry", "npm_config_proxy")
    nowhere = {name: NOWHERE for place in places for name in (place, place.lower())}
    lines = audit(
        **nowhere,
        NO_PROXY="",
        no_proxy="",
        npm_config_fetch_retries="0",
        npm_config_cache=str(tmp_path / "npm"),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert [line.partition(":")[0] for line in lines] == [
        "Python packages were not audited",
        "npm packages were not audited",
    ]
    assert all(line.partition(": ")[2] for line in lines)


@pytest.fixture
def auditors(tmp_path):
    """What to run the script with, so that it finds programs that say what is wished of them, or end badly."""

    def made(python: object, npm: object) -> dict[str, str]:
        modules, programs = tmp_path / "modules", tmp_path / "programs"
        modules.mkdir()
        programs.mkdir()
        says = "import sys; print({!r}); sys.exit(1)"
        (modules / "pip_audit.py").write_text(says.format(json.dumps(python)), encoding="utf-8")
        program = programs / "npm"
        program.write_text(f"#!{sys.executable}\n{says.format(json.dumps(npm))}\n", encoding="utf-8")
        program.chmod(0o755)
        return {"PYTHONPATH": str(modules), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    return made


def test_known_vulnerabilities_are_told_and_fail_nothing(auditors):
    assert audit(**auditors(PYTHON_SAYS, NPM_SAYS)) == [
        "Python: 3 of 4 packages audited, 2 with known vulnerabilities",
        "  bad 0.1: CVE-2099-1, fixed in: 0.2",
        "  worse 0.1: CVE-2099-2, fixed in: none",
        "npm (development alone; the wheel carries none): 1 packages with known vulnerabilities",
        "  left-pad: high, <1.3",
    ]


def test_packages_that_no_database_knows_are_not_told_as_sound(auditors):
    skipped = {"dependencies": [{"name": "bad", "skip_reason": "not found"}]}
    lines = audit(**auditors(skipped, {"error": {"summary": "no lockfile"}}))
    assert lines[0].startswith("Python packages were not audited: no database")
    assert lines[1] == "npm packages were not audited: no lockfile"


def test_without_npm_the_python_packages_are_audited_all_the_same(auditors, tmp_path):
    environment = auditors(PYTHON_SAYS, NPM_SAYS)
    (tmp_path / "programs" / "npm").unlink()
    lines = audit(**environment | {"PATH": str(tmp_path / "programs")})
    assert lines[0].startswith("Python: 3 of 4 packages audited")
    assert lines[-1] == "npm packages were not audited: npm is not installed"
