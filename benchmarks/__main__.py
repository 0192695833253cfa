"""``python -m benchmarks``: run the benchmarks one after the other and write what they print to ``RESULTS.md``.

Each script can also be run by itself. Name some to run only those: ``python -m benchmarks widget layout``; the sections
of the others stay as they were. Where numbers were asked for, scripts say so, and mark what falls short.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
SCRIPTS = {
    "milvus": ("Milvus: scan, search, memory", "bench_milvus.py", "--databases", "server"),
    "lite": ("Milvus Lite: scan, faiss, memory", "bench_milvus.py", "--databases", "lite"),
    "widget": ("The widget in JupyterLab and Chromium", "bench_widget.py"),
    "large": ("Large maps in a real browser", "bench_large.py"),
    "clustering": ("Spanning tree and labels", "bench_clustering.py"),
    "agreement": ("Agreement with hdbscan", "bench_agreement.py"),
    "layout": ("Layout", "bench_layout.py"),
    "quality": ("Quality of the clusters", "bench_quality.py"),
}
PACKAGES = ("numpy", "numba", "plotly", "anywidget", "jupyterlab", "pymilvus", "milvus-lite", "faiss-cpu", "hdbscan")
PEERS = ("fast-hdbscan", "fast-plscan", "evoc", "umap-learn", "scikit-learn", "scipy")


def main() -> int:
    wanted = sys.argv[1:] or list(SCRIPTS)
    unknown = set(wanted) - set(SCRIPTS)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}. Available: {', '.join(SCRIPTS)}.")
        return 2
    failed = []
    for name in wanted:
        title, script, *arguments = SCRIPTS[name]
        print(f"{title} ...", flush=True)
        started, measured = time.monotonic(), commit()
        command = [sys.executable, str(HERE / script), *arguments]
        ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        if ran.returncode:
            # it has said why; what the others find is worth having all the same
            print(f"{title}: not measured, and its section stays as it was.", flush=True)
            failed.append(name)
            continue
        minutes = (time.monotonic() - started) / 60
        when = datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
        # read again: another benchmark may have written its section meanwhile
        section = f"*{when}, {measured}, {minutes:.1f} minutes, {machine()}.*\n\n{ran.stdout.strip()}\n"
        write({**earlier_sections(), title: section})
    return 1 if failed else 0


def earlier_sections() -> dict[str, str]:
    if not RESULTS.exists():
        return {}
    parts = re.split(r"^## (.+)$", RESULTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {title: body.strip() + "\n" for title, body in zip(parts[::2], parts[1::2], strict=True)}


def commit() -> str:
    """Name the commit that is measured, and say whether files have changed since, these results apart."""
    git = ["git", "-C", str(HERE.parent)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True)
    if head.returncode:
        return "no commit"
    others = ["--", ".", f":(exclude){RESULTS.relative_to(HERE.parent)}"]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", *others], check=False).returncode
    return f"commit {head.stdout.strip()}{' with changes' if changed else ''}"


def machine() -> str:
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, load {load:.1f} at the end"


def write(sections: dict[str, str]) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in (*PACKAGES, *PEERS))
    head = (
        "# Results\n\nSections are written by `make bench`, one by one; each says when, at which commit and on what "
        "machine it was measured. Ratios within a table come from one run and are what counts; † marks what falls "
        "short of the numbers that were asked for.\n\n"
        f"Versions when this was last written: Python {platform.python_version()}; {versions}.\n"
    )
    places = {title: place for place, (title, *_) in enumerate(SCRIPTS.values())}
    ordered = sorted(sections.items(), key=lambda section: places.get(section[0], len(places)))
    body = "\n".join(f"## {title}\n\n{text}" for title, text in ordered)
    RESULTS.write_text(f"{head}\n{body}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
