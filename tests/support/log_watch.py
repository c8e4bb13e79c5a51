"""Reads everything that the app logs in tests, looking for what must never be in a log."""

import logging
import os
import re

# What tests log in with, sign with and are called by, and what every token looks like.
FORBIDDEN = re.compile(
    r"@example\.\w+|@mail\.example|eyJ[\w-]{8,}|\bcl[pri]_[\w-]{8,}"
    r"|nine loud herons|four calm otters|correct horse battery|six slow badgers|password123"
    r"|a secret of the tests|\$argon2"
)
# What the standard library puts on every record; all else was given by whoever logged.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__)
LOGGERS = ("app", "commands")


class LogWatch(logging.Handler):
    """Records which tests logged something forbidden, and how many lines it has read."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines = 0
        self.found: list[str] = []
        self._formatter = logging.Formatter("%(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        given = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        # As it is before anything is taken out of it: that is the second net, not the first.
        text = f"{self._formatter.format(record)} {given}"
        if FORBIDDEN.search(text):
            test = os.environ.get("PYTEST_CURRENT_TEST", "")
            self.found.append(f"{test} had {record.name} log: {text[:500]}")
