"""Taking one's data along.

`exporter` reads it in batches, `archive` packs it, `posts` writes articles as files that `importing` reads again.
"""
