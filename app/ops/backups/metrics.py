"""What is measured of backups."""

from app.core.metrics import live_gauge

last_backup_seconds = live_gauge(
    "last_backup_timestamp_seconds",
    "When the newest backup was made, those before migrations left out, in seconds since 1970; 0 if there is none.",
    mode="livemax",
)
