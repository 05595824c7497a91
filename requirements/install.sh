#!/bin/sh
# Make .venv in the current folder and install a locked requirements file and this project into it.
#
#     PYTHON=python3.12 sh requirements/install.sh requirements/warehouse.txt
#
# Without PYTHON it takes the first Python that is new enough. The network is needed for the requirements only.
set -eu
lock=$1

is_usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if is_usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    {
        echo "error: ${PYTHON:-no Python on PATH} is not a Python 3.11, 3.12 or 3.13"
        echo "  -> install one (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python"
    } >&2
    exit 1
}

if command -v uv >/dev/null; then
    make_venv() { uv venv --quiet --no-project --allow-existing --python "$1" .venv; }
    install() { VIRTUAL_ENV=.venv uv pip install --quiet --compile-bytecode "$@"; }
    offline=--offline
else
    make_venv() { "$1" -m venv .venv; }
    install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }
    offline=--no-index
fi
