"""Notices: what the owner of an account is told without having asked, in few mails however much happens.

The first notice on a topic leaves at once. Then its kind pauses for this recipient: what repeats itself waits, and
leaves in one mail at the end of the pause, after which there is another one. What is new is told at once even then, so
that nothing can be kept from the owner by making much of something else. A pause is a job, so all processes know of it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.core import clock
from app.mail.messages import MessageWriter
from app.mail.outbox import Outbox
from app.queue.jobs import Jobs
from app.queue.kinds import Kind

PAUSE = timedelta(minutes=15)
_HASH_LENGTH = 32
Value = str | int


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notices. The numbers named by `adds` are added up when notices merge; of other values the last count.

    `name` is stored with what waits, so it never changes.
    """

    name: str
    subject: str
    template: str
    adds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """What has happened, how often, and how the last time."""

    values: dict[str, Value]
    times: int = 1


@dataclass(frozen=True)
class Notices:
    """What is known in a pause of one kind for one recipient: the topics of what has left, and by topic what waits."""

    kind: str
    recipient: str
    username: str
    topics: tuple[str, ...] = ()
    waiting: dict[str, Told] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.kind}:{hashlib.sha256(self.recipient.encode()).hexdigest()[:_HASH_LENGTH]}"

    def with_one_more(self, username: str, topic: str, new: Told) -> "Notices":
        """The same with this waiting too."""
        waiting = dict(self.waiting)
        old = waiting.pop(topic, None)
        waiting[topic] = new if old is None else _merged(old, new, _declared[self.kind].adds)
        return replace(self, username=username, waiting=waiting)


NOTICES = Kind("notices", Notices, describe=lambda notices: f"{notices.recipient}: {notices.kind}")
_declared: dict[str, NoticeKind] = {}


def notice_kind(name: str, subject: str, *, template: str | None = None, adds: tuple[str, ...] = ()) -> NoticeKind:
    """Declare a kind of notices, with a template of the same name unless another is given."""
    if name in _declared:
        raise ValueError(f"the notice {name} is declared twice")
    return _declared.setdefault(name, NoticeKind(name, subject, template or name, adds))


def declared_notices() -> Mapping[str, NoticeKind]:
    return _declared


class NoticeBoard:
    """Takes the notices of a unit of work."""

    def __init__(self, jobs: Jobs, outbox: Outbox, writer: MessageWriter) -> None:
        self._jobs = jobs
        self._outbox = outbox
        self._writer = writer

    async def put(self, kind: NoticeKind, recipient: str, username: str, topic: str = "", **values: Value) -> None:
        """Tell somebody once the transaction has committed, or at the end of the pause if they have been told already.

        What concerns one topic is told together.
        """
        new, now = Told(values), Notices(kind.name, recipient, username, (topic,))
        pause_ends = clock.now() + PAUSE
        if await self._jobs.enqueue_first(NOTICES, now, run_at=pause_ends, key=now.key):
            self._send(now, [new])
            return
        known = await self._jobs.waiting(NOTICES, now.key) or replace(now, topics=())
        if topic in known.topics:
            known = known.with_one_more(username, topic, new)
        else:
            known = replace(known, topics=(*known.topics, topic))
            self._send(now, [new])
        self._jobs.enqueue(NOTICES, known, run_at=pause_ends, key=known.key)

    async def end_pause(self, key: str) -> None:
        """Send what waits, and begin another pause; or let it end if nothing does."""
        known = await self._jobs.waiting(NOTICES, key)
        if known is None or not known.waiting:
            return
        self._send(known, list(known.waiting.values()))
        known = replace(known, topics=tuple(known.waiting), waiting={})
        self._jobs.enqueue(NOTICES, known, run_at=clock.now() + PAUSE, key=key)

    def _send(self, notices: Notices, told: Sequence[Told]) -> None:
        kind = _declared[notices.kind]
        times = told[0].times if len(told) == 1 else 1
        subject = kind.subject if times == 1 else f"{kind.subject}, {times} times"
        message = self._writer.notice(
            kind.template, notices.recipient, notices.username, subject, told, told[-1].values
        )
        self._outbox.put(message)


def _merged(old: Told, new: Told, adds: tuple[str, ...]) -> Told:
    values = dict(new.values)
    for name in adds:
        values[name] = int(old.values[name]) + int(new.values[name])
    return Told(values, old.times + new.times)
