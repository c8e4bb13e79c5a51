#!/usr/bin/env bash
# Makes .venv ready: `scripts/setup.sh runtime` for start.sh, `scripts/setup.sh dev` for test.sh and CI.
# Everything it fetches stays inside the checkout (.venv and .tools); once all is installed it needs no network.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly groups=${1:?usage: scripts/setup.sh runtime|dev}
readonly stamp=.venv/.setup-stamp      # what was installed last
readonly unfinished=.tools/unfinished  # exists while packages are being installed
readonly project=.tools/project        # what uv works from
readonly log=.tools/setup.log

refuse() {
    printf '%s\n' "$*" >&2
    exit 1
}

works() {
    "$1" -c '' >/dev/null 2>&1
}

fingerprint() {
    cat pyproject.toml uv.lock | cksum
}

# Is all that was asked for installed? What the tests need includes what the server needs.
is_ready() {
    [[ -e $stamp && ! -e $unfinished ]] && works .venv/bin/python || return 1
    local installed
    installed=$(<"$stamp")
    [[ $installed == "dev $(fingerprint)" || $installed == "$groups $(fingerprint)" ]]
}

# The name alone proves nothing: it may be too old, or a version manager's stand-in that only prints an error.
find_python() {
    local name path
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        path=$("$name" -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null) || continue
        if [[ -x $path ]]; then
            printf '%s\n' "$path"
            return
        fi
    done
    refuse "Python 3.11 or newer is required but was not found on PATH. Install it and try again."
}

# Fetches uv for this checkout alone. Debian's Python may come without venv, others without pip: either will do.
fetch_uv() {
    local python=$1 folder
    folder=$(mktemp -d .tools/uv.XXXXXX)
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_RETRIES=2 PIP_USER=0
    echo "Downloading uv ..."
    if { "$python" -m venv "$folder/venv" && "$folder/venv/bin/python" -m pip install uv; } >"$log" 2>&1 ||
        "$python" -m pip install --target "$folder/target" uv >>"$log" 2>&1; then
        # uv is one file that needs nothing around it.
        mv "$folder"/*/bin/uv .tools/uv
        rm -rf "$folder"
    else
        rm -rf "$folder"
        refuse "uv, which installs the dependencies, could not be downloaded. This requires a connection to the" \
            "Python package index, and pip in $python (details: $log)."
    fi
}

install() {
    # A set-up that was killed leaves packages that look installed and are not, or a .venv that uv refuses to use.
    if [[ -e $unfinished ]] || ! works .venv/bin/python; then
        rm -rf .venv
    fi

    local python uv=uv
    python=$(find_python)
    if ! uv --version >/dev/null 2>&1; then
        uv=.tools/uv
        export UV_CACHE_DIR=${UV_CACHE_DIR:-.tools/cache}
        "$uv" --version >/dev/null 2>&1 || fetch_uv "$python"
    fi
    local options=(--quiet)
    [[ -e .venv ]] || options+=(--python "$python")
    # The server leaves the tests' tools where they are.
    [[ $groups == dev ]] || options+=(--no-dev --inexact)

    # A company's own certificates are in the system's store, which uv does not look at by itself.
    if [[ -e /etc/ssl/certs/ca-certificates.crt ]]; then
        export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
    fi

    echo "Installing the dependencies into .venv ..."
    touch "$unfinished"
    # From a copy: uv.lock is committed without download addresses, and uv would fill them in where it is.
    mkdir -p "$project"
    cp pyproject.toml uv.lock "$project"
    if ! UV_PROJECT_ENVIRONMENT=$PWD/.venv UV_PYTHON_DOWNLOADS=never \
        "$uv" sync --project "$project" "${options[@]}" >"$log" 2>&1; then
        # uv changes nothing until it has all it needs: as long as that is so, the last state goes on working.
        [[ -n $(find .venv -newer "$unfinished" 2>/dev/null) ]] || rm "$unfinished"
        refuse "The dependencies could not be installed. This requires a connection to the Python package index" \
            "(details: $log)."
    fi
    printf '%s %s\n' "$groups" "$(fingerprint)" >"$stamp"
    rm "$unfinished"
}

is_ready && exit
mkdir -p .tools
# Two at once would tread on each other; where there is no flock, that is left to chance.
exec 9>.tools/lock
if command -v flock >/dev/null; then
    flock 9
fi
is_ready || install
