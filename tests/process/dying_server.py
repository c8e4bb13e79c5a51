"""A server that is killed by the first request with a key: `DIES=before` or `after` its commit, and never answers.

`python -m tests.process.dying_server`
"""

import os
import signal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.idempotency.service import IdempotencyService

_commit, _keep = AsyncSession.commit, IdempotencyService.keep


async def keep(service: IdempotencyService, *arguments: Any) -> None:
    await _keep(service, *arguments)
    service._unit.session.info["dies"] = os.environ["DIES"]


async def commit(session: AsyncSession) -> None:
    moment = session.info.get("dies")
    if moment == "after":
        await _commit(session)
    if moment is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    await _commit(session)


if __name__ == "__main__":
    from commands.serve import cli

    IdempotencyService.keep = keep  # type: ignore[method-assign,assignment]
    AsyncSession.commit = commit  # type: ignore[method-assign,assignment]
    cli()
