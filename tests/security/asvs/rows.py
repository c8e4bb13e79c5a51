from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True)
class Covered:
    """It holds, and these tests fail if it no longer does."""

    name: ClassVar = "covered"
    how: str
    tests: tuple[str, ...]

    def __init__(self, how: str, *tests: str) -> None:
        object.__setattr__(self, "how", how)
        object.__setattr__(self, "tests", tests)

    def text(self) -> str:
        return f"{self.how} {', '.join(f'`{test}`' for test in self.tests)}".strip()


@dataclass(frozen=True)
class NotApplicable:
    """It asks about something that there is not."""

    name: ClassVar = "not applicable"
    why: str

    def text(self) -> str:
        return self.why


@dataclass(frozen=True)
class Open:
    """It does not hold, or not as it is written."""

    name: ClassVar = "**open**"
    why: str

    def text(self) -> str:
        return self.why


@dataclass(frozen=True)
class Requirement:
    id: str
    level: Literal[1, 2, 3]
    summary: str
    verdict: Covered | NotApplicable | Open

    @property
    def chapter(self) -> str:
        return self.id.partition(".")[0]
