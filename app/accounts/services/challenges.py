"""WebAuthn challenges: each valid for a few minutes and for one response."""

import secrets

from sqlalchemy import delete

from app.accounts.models import PasskeyChallenge, User
from app.accounts.webauthn import CHALLENGE_TTL
from app.core import clock
from app.db.session import changed_a_row
from app.unit_of_work import UnitOfWork

_BYTES = 32


class Challenges:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    @staticmethod
    def draw() -> bytes:
        """A new challenge; store it with `keep` before it is sent."""
        return secrets.token_bytes(_BYTES)

    async def keep(self, challenge: bytes, user: User | None) -> None:
        """Store a challenge for the account, or for a login whose account is not known yet."""
        user_id = user.id if user else None
        self._unit.session.add(
            PasskeyChallenge(challenge=challenge, user_id=user_id, expires_at=clock.now() + CHALLENGE_TTL)
        )
        await self._unit.session.flush()

    async def use_up(self, challenge: bytes, user: User | None) -> bool:
        """Use up a challenge; returns whether it was issued to the account, or for a login without a known account."""
        return await changed_a_row(
            self._unit.session,
            delete(PasskeyChallenge).where(
                PasskeyChallenge.challenge == challenge,
                PasskeyChallenge.user_id.is_(None) if user is None else PasskeyChallenge.user_id == user.id,
                PasskeyChallenge.expires_at > clock.now(),
            ),
        )
