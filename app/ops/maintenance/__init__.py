"""Maintenance of a whole database: checking, backup, restore, and copying to another system.

All of it uses the metadata, so that a new table is included without a change here.
"""
