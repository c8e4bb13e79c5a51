"""Loads the hooks of all domains: importing this module registers them."""

from app.accounts import hooks as accounts
from app.comments import hooks as comments
from app.content import hooks as content
from app.mail import hooks as mail
from app.privacy import hooks as privacy
from app.queue import hooks as queue

__all__ = ["accounts", "comments", "content", "mail", "privacy", "queue"]
