#!/bin/sh
# Saves the database by `commands.db backup` and removes saved ones that are old. The blog goes on meanwhile.
#
#   backup.sh now      saves once
#   backup.sh nightly  saves every night at three (UTC), and at once if there is nothing from the last day
#   backup.sh check    fails unless there is something from the last day and two hours
#
# BACKUP_FOLDER (/backups) is where to, BACKUP_KEEP_DAYS (14) how long they are kept. Copy them to another machine as well.
set -eu
umask 077

folder=${BACKUP_FOLDER:-/backups}
keep_days=${BACKUP_KEEP_DAYS:-14}

save() {
    python -m commands.db backup "$folder/colophon-$(date -u +%Y%m%dT%H%M%SZ).backup" || return
    # Only now: as long as saving fails, the old ones are all there is.
    find "$folder" -maxdepth 1 -name 'colophon-*.backup' -mtime "+$keep_days" -delete
}

is_recent() {
    [ -n "$(find "$folder" -maxdepth 1 -name 'colophon-*.backup' -mmin "-$1")" ]
}

seconds_until_three() {
    now=$(date +%s)
    echo $(((86400 + 10800 - now % 86400) % 86400 + 1))
}

nightly() {
    # Waited for, so that being told to stop works at once.
    trap 'exit 0' TERM INT
    is_recent 1440 || save || echo "Saving failed." >&2
    while :; do
        sleep "$(seconds_until_three)" &
        wait $!
        save || echo "Saving failed." >&2
    done
}

case ${1:-} in
now) save ;;
nightly) nightly ;;
check) is_recent 1560 ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
