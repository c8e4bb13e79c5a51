"""A server that stops in the middle of a publication, the first of all that get there: `HANGS=file`.

The file is made then, with the number of the process in it. `python -m tests.chaos.hanging_publisher`
"""

import asyncio
import os
from pathlib import Path
from typing import Any

from app.content.services.publications import PublicationService

_carry_out = PublicationService.carry_out


def _is_first() -> bool:
    try:
        with Path(os.environ["HANGS"]).open("x", encoding="utf-8") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return False
    return True


async def carry_out(service: PublicationService, *arguments: Any) -> None:
    await _carry_out(service, *arguments)
    if not _is_first():
        return
    # Everything is done, and nothing committed.
    await service._unit.session.flush()
    await asyncio.sleep(3600)


PublicationService.carry_out = carry_out  # type: ignore[method-assign,assignment]

if __name__ == "__main__":
    from commands.serve import cli

    cli()
