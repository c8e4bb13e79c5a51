"""Re-encrypting stored secrets when the encryption keys change."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Executable, literal, select, text

from app.accounts.models import Totp
from app.core.encryption import Cipher, Undecryptable
from app.unit_of_work import UnitOfWork

# Nobody else reads them to change them, or writes others, before the transaction ends.
_LOCKS: dict[str, Executable] = {
    # Every transaction that writes begins with the lock.
    "sqlite": select(literal(1)),
    "postgresql": text(f"LOCK TABLE {Totp.__tablename__} IN SHARE ROW EXCLUSIVE MODE"),
}


@dataclass(frozen=True)
class Renewal:
    """How many secrets were re-encrypted, and the accounts whose secret none of the keys can decrypt."""

    count: int
    lost: Sequence[int]


class StoredSecrets:
    """The secrets of authenticator apps."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def lock(self) -> None:
        """Lock the stored secrets until the transaction ends."""
        await self._unit.session.execute(_LOCKS[self._unit.session.get_bind().dialect.name])

    async def renew(self, secrets: Sequence[str]) -> Renewal:
        """Re-encrypt with the first of `secrets` what is encrypted with another of them."""
        newest, every = Cipher(secrets[:1]), Cipher(secrets)
        count, lost = 0, []
        for totp in await self._all():
            if _reads(newest, totp):
                continue
            try:
                totp.encrypted_secret = every.renew(totp.encrypted_secret)
                count += 1
            except Undecryptable:
                lost.append(totp.user_id)
        await self._unit.session.flush()
        return Renewal(count, lost)

    async def unreadable(self, secrets: Sequence[str]) -> Sequence[int]:
        """The accounts whose authenticator app would not work with these secrets alone."""
        cipher = Cipher(secrets)
        return [totp.user_id for totp in await self._all() if not _reads(cipher, totp)]

    async def _all(self) -> Sequence[Totp]:
        return (await self._unit.session.scalars(select(Totp).order_by(Totp.user_id))).all()


def _reads(cipher: Cipher, totp: Totp) -> bool:
    try:
        cipher.decrypt(totp.encrypted_secret)
    except Undecryptable:
        return False
    return True
