#!/bin/sh
# Makes the virtual environment that zoo.py runs in: Benchmarks/zoo/.venv, some gigabytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python3 -m venv "$here/.venv"
"$here/.venv/bin/pip" install --quiet --extra-index-url https://download.pytorch.org/whl/cpu \
    -r "$here/requirements.txt"
echo "run $here/.venv/bin/python $here/zoo.py --help"
