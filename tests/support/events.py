"""What services announce."""

from dataclasses import dataclass, field

import pytest

from app.unit_of_work import UnitOfWork


@dataclass
class Announced:
    """The events that were emitted, in their order."""

    events: list[object] = field(default_factory=list)

    def take(self) -> list[object]:
        """Those since the last time."""
        taken, self.events = self.events, []
        return taken

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.take()]


def listen(monkeypatch: pytest.MonkeyPatch) -> Announced:
    """Note everything that is emitted from now on, beside what else becomes of it."""
    announced, emit = Announced(), UnitOfWork.emit

    async def noting(unit: UnitOfWork, event: object) -> None:
        announced.events.append(event)
        await emit(unit, event)

    monkeypatch.setattr(UnitOfWork, "emit", noting)
    return announced
