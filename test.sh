#!/usr/bin/env bash
# Installs what is missing, then runs the tests: all of them, or what pytest's arguments ask for.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

scripts/setup.sh dev
# Beyond four at once, making a database for each costs more than it brings. An -n of your own wins.
exec .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist worksteal "$@"
