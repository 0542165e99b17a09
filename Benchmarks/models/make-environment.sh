#!/bin/sh
# Makes the virtual environment that compare.py runs in: Benchmarks/models/.venv, some gigabytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python3 -m venv "$here/.venv"
"$here/.venv/bin/pip" install --quiet -r "$here/requirements.txt"
echo "run $here/.venv/bin/python $here/compare.py --help"
