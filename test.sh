#!/usr/bin/env bash
# Installs what is missing, then runs the tests.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

usage() {
    cat <<'USAGE'
Usage: ./test.sh [--all | --long] [pytest options]

Runs the quick tests: on SQLite always, on PostgreSQL where one answers. None of them starts a process.

Options:
  --all       Run everything but what takes many minutes: processes, faults and outages included.
  --long      Run what takes many minutes: property tests with many more examples.
  -h, --help  Show this text and do nothing else.

All other options go to pytest: ./test.sh tests/content -k slug
USAGE
}

which=quick
case ${1-} in
--all) which=all && shift ;;
--long) which=long && shift ;;
-h | --help) usage && exit ;;
esac

scripts/setup.sh dev
# Where no bytecode is kept, every process compiles all that it imports, for seconds each time.
unset PYTHONDONTWRITEBYTECODE
# Beyond four at once, making a database for each costs more than it brings. An -n of your own wins.
pytest=(.venv/bin/python -m pytest)
parallel=(-n auto --maxprocesses 4 --dist worksteal)

case $which in
quick) exec "${pytest[@]}" "${parallel[@]}" "$@" ;;
long) LONG_TESTS=1 exec "${pytest[@]}" "${parallel[@]}" -m "long or hypothesis" "$@" ;;
all)
    "${pytest[@]}" "${parallel[@]}" -m "not long and not chaos" "$@"
    # One after the other: they stop and kill what others would need.
    exec "${pytest[@]}" -m chaos "$@"
    ;;
esac
