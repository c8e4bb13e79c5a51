"""What happens to accounts, for domains that care.

`by` is the id of the account that did it; None stands for the command line and for the blog itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class AccountEvent:
    user_id: int
    by: int | None


class AccountCreated(AccountEvent):
    """By its owner (`by`), or for somebody. Its email need not be confirmed yet."""


class AccountConfirmed(AccountEvent):
    """The account's email is known to be its owner's: the first one, or another than before."""


@dataclass(frozen=True)
class UsernameChanged(AccountEvent):
    """`before` is what the account was called until now."""

    before: str


class AccountDeleted(AccountEvent):
    """Who it belonged to was forgotten: its row was anonymised or, if it was never used, deleted."""
