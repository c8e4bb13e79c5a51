#!/usr/bin/env bash
# Installs what is missing, then runs the server.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

for option in "$@"; do
    case $option in
    -h | --help)
        cat <<'USAGE'
Usage: ./start.sh [options]

Starts the blog's API. The first run installs the dependencies into .venv, writes .env with
generated secrets and creates the database; later runs start at once and bring the database
up to date.

Options:
  --host ADDRESS  Listen on this address instead of the one set as HOST.
  --port NUMBER   Listen on this port instead of the one set as PORT.
  --workers COUNT Run this many processes instead of the WORKERS set.
  --reload        Restart whenever the code changes (for development).
  -h, --help      Show this text and do nothing else.

Every setting is explained in .env.example.
USAGE
        exit
        ;;
    esac
done

scripts/setup.sh runtime
exec .venv/bin/python -m commands.serve "$@"
