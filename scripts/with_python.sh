#!/bin/sh
# Runs a script of this folder with a Python that is new enough: the environment's own, else one of the machine.
# 3.11 to 3.13 come first: for newer ones some package may have no prebuilt wheel yet. PYTHON=… chooses one.
set -eu
within() { # command, lowest and highest minor version
    "$1" -c "import sys; sys.exit(not (3, $2) <= sys.version_info[:2] <= (3, $3))" >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    within "$PYTHON" 11 99 && exec "$PYTHON" "$@"
    echo "PYTHON=$PYTHON is no Python 3.11 or newer: give the path of one." >&2
    exit 1
fi
if [ -x .venv/bin/python ] && within .venv/bin/python 11 99; then
    exec .venv/bin/python "$@"
fi
for candidate in python3 python3.13 python3.12 python3.11; do
    within "$candidate" 11 13 && exec "$candidate" "$@"
done
for candidate in python3 python3.14; do
    within "$candidate" 11 99 && exec "$candidate" "$@"
done
found=$(python3 --version 2>&1) || found="no python3"
echo "LogSight needs Python 3.11 or newer and found $found: install one, or name it with make PYTHON=/path/to/python3." >&2
exit 1
