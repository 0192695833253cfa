"""Other environments that tests run in: an older pymilvus, and torch with BGE-M3; installed once, then kept."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import site
import subprocess
import sys
import tomllib
from pathlib import Path

from milvus_server import CannotRunError, cache_folder

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TORCH = "torch==2.13.0"


def oldest_pymilvus() -> str:
    """The oldest version that the project allows."""
    requirement = next(name for name in PROJECT["dependencies"] if re.match(r"pymilvus\W", name))
    return requirement.partition(">=")[2]


def pymilvus_folder(version: str) -> Path:
    """A folder that, put first on the path, replaces pymilvus."""
    folder = cache_folder() / f"pymilvus-{version}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        # what else it needs is there, but for the JSON library that older ones use
        _pip(sys.executable, "install", "--target", str(folder), "--no-deps", f"pymilvus=={version}", "ujson")
        (folder / "complete").touch()
    return folder


def bge_m3_python() -> Path:
    """The interpreter of an environment with torch and the extra ``bge-m3`` on top of this one."""
    extra = PROJECT["optional-dependencies"]["bge-m3"]
    home = cache_folder() / f"bge-m3-{_digest(TORCH, *extra)}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        if builds := _cuda_packages(str(python)):
            raise CannotRunError(
                f"pip would install a CUDA build of {TORCH} here, several GB ({builds[0]} and others): no CPU build"
            )
        beside = next(home.glob("lib/python*/site-packages")) / "beside.pth"
        folders = [path for path in site.getsitepackages() if Path(path).is_dir()]
        beside.write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in folders), encoding="utf-8")
        _pip(str(python), "install", "--constraint", str(ROOT / "constraints.txt"), TORCH, *extra)
        (home / "complete").touch()
    return python


def run(python: str | Path, script: str, *arguments: str, path: tuple[str | Path, ...] = ()) -> dict[str, object]:
    """Run a script of this folder; return the JSON that its last line is."""
    command = [str(python), str(Path(__file__).with_name(script)), *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*path, ROOT / "src"]))}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr[-3_000:]
    found: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _cuda_packages(python: str) -> list[str]:
    report = _pip(python, "install", "--dry-run", "--report", "-", TORCH)
    names = [package["metadata"]["name"] for package in json.loads(report)["install"]]
    return [name for name in names if name.startswith(("nvidia", "cuda", "triton"))]


def _pip(python: str, *arguments: str) -> str:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if ran.returncode:
        raise CannotRunError(f"pip {' '.join(arguments[:1])} failed: {ran.stderr.strip()[-300:]}")
    return ran.stdout


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join((sys.prefix, *parts)).encode()).hexdigest()[:12]
