"""Looking after a whole database: checking it, saving it, restoring it, and moving it to another system.

All of it goes by the metadata, so that a new table is included without a change here.
"""
