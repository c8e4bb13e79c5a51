"""The process context: what all units of work of a process share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

from app.core.config import Settings
from app.core.encryption import Cipher
from app.core.password_hasher import PasswordHasher
from app.core.rate_limiter import RateLimiter

T = TypeVar("T")


@dataclass
class ProcessContext:
    """Created once, and used by every unit of work."""

    settings: Settings
    limiter: RateLimiter
    passwords: PasswordHasher = field(default_factory=PasswordHasher)
    # What domains keep while the process runs, by its class or factory.
    shared: dict[Callable[[Settings], Any], Any] = field(default_factory=dict)

    @cached_property
    def cipher(self) -> Cipher:
        return Cipher([secret.get_secret_value() for secret in self.settings.access_secret_key])

    def share(self, factory: Callable[[Settings], T]) -> T:
        """What the factory makes of the settings: made on first use, and the same ever after."""
        if factory not in self.shared:
            self.shared[factory] = factory(self.settings)
        return cast("T", self.shared[factory])


def process_context(settings: Settings) -> ProcessContext:
    """The process context for these settings."""
    return ProcessContext(settings, RateLimiter(settings.redis_url, enabled=settings.rate_limits))
