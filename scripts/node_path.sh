#!/usr/bin/env bash
# Prints what to put before PATH so that a Node of version 20 or newer, with npm, is found; fails when there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
new_enough() {
  "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null
}
if command -v npm >/dev/null 2>&1 && new_enough node; then
  exit 0
fi
if [ -x .venv/bin/npm ] && new_enough .venv/bin/node; then
  printf '%s:' "$PWD/.venv/bin"
  exit 0
fi
exit 1
