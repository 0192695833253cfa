#!/usr/bin/env bash
# Fails with one line when the Python that make would use is too old.
set -euo pipefail
if ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer is needed, and '$1' is not one. Install it and say: make PYTHON=/path/to/python3.11 ..." >&2
  exit 1
fi
