"""Loads the hooks of all domains: importing this module registers them."""

from app.accounts import hooks as accounts
from app.comments import hooks as comments
from app.content import hooks as content

__all__ = ["accounts", "comments", "content"]
