"""Exporting a user's own data.

`exporter` reads it in batches, `archive` packs it, `posts` writes articles as files that `importing` can read again.
"""
