"""Backups that make themselves: every night while the server runs, and on SQLite before each migration."""
