"""The process context: what all units of work of a process share."""

from dataclasses import dataclass, field
from functools import cached_property

from app.accounts.identities.providers import IdentityProviders
from app.core.config import Settings
from app.core.encryption import Cipher
from app.core.password_hasher import PasswordHasher
from app.core.rate_limiter import RateLimiter


@dataclass
class ProcessContext:
    """Created once, and used by every unit of work."""

    settings: Settings
    limiter: RateLimiter
    passwords: PasswordHasher = field(default_factory=PasswordHasher)

    @cached_property
    def cipher(self) -> Cipher:
        return Cipher([secret.get_secret_value() for secret in self.settings.access_secret_key])

    @cached_property
    def identities(self) -> IdentityProviders:
        return IdentityProviders(self.settings)


def process_context(settings: Settings) -> ProcessContext:
    """The process context for these settings."""
    return ProcessContext(settings, RateLimiter(settings.redis_url, enabled=settings.rate_limits))
