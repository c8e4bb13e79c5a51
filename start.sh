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
generated secrets and creates the database. Later runs start right away and migrate the
database if needed.

Options:
  --host ADDRESS   Address to listen on (overrides HOST).
  --port NUMBER    Port to listen on (overrides PORT).
  --workers COUNT  Number of worker processes (overrides WORKERS).
  --reload         Restart when the code changes (development only).
  -h, --help       Show this help and exit.

All settings are explained in .env.example.
USAGE
        exit
        ;;
    esac
done

scripts/setup.sh runtime
exec .venv/bin/python -m commands.serve "$@"
