"""A server of the blog that also handles a kind of jobs of the tests: `python -m tests.chaos.job_node`."""

import os
from typing import Any

from sqlalchemy import text

from app.queue.kinds import register_job
from tests.support.job_kinds import NUMBER, Number

HANDLED = text("INSERT INTO handled (number, node) VALUES (:number, :node)")


async def handle(unit: Any, payload: Number) -> None:
    await unit.session.execute(HANDLED, {"number": payload.number, "node": os.getpid()})


register_job(NUMBER, handle, slots=4)

if __name__ == "__main__":
    from commands.serve import cli

    cli()
