"""What the domains declare about themselves: importing this module registers it."""

from app.accounts import hooks as accounts
from app.comments import hooks as comments
from app.content import hooks as content

__all__ = ["accounts", "comments", "content"]
