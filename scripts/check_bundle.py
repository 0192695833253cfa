"""Fails when the committed front end is not what its sources build to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src" / "cluster_explorer" / "static"


def contents() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in {".js", ".css"}}


def main() -> int:
    committed = contents()
    prefix = subprocess.run([ROOT / "scripts" / "node_path.sh"], check=True, capture_output=True, text=True).stdout
    environment = {**os.environ, "PATH": prefix + os.environ["PATH"]}
    subprocess.run(
        ["npm", "--prefix", str(ROOT / "js"), "run", "--silent", "build"],
        check=True,
        env=environment,
    )
    changed = [name for name, content in contents().items() if committed.get(name) != content]
    if changed:
        print(
            f"{', '.join(changed)} in {STATIC.relative_to(ROOT)} did not match js/src; built anew: commit the result."
        )
        return 1
    print(f"The front end is what its sources build to: {', '.join(committed)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
