"""A history stays small, however busily people write."""

import logging
import random
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.markup import RenderedArticle
from app.content.models import Revision, RevisionText
from app.content.services import article_access
from app.core.rate_limiter import RateLimiter
from app.core.roles import Role
from tests.content.test_history_thinning import thin_out
from tests.support.users import Users
from tests.support.writing import publish, read, walk

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_log = logging.getLogger(__name__)
DRAFT = "/articles/bread/draft"


@pytest.mark.parametrize(
    ("saves", "size", "most"),
    [(30, 20_000, 100_000), pytest.param(1000, 100_000, 10_000_000, marks=pytest.mark.long)],
)
async def test_ten_people_write_at_the_same_article(
    app: FastAPI,
    users: Users,
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
    saves: int,
    size: int,
    most: int,
) -> None:
    monkeypatch.setattr(article_access, "rendered_article", not_rendered)
    with time_machine.travel(START, tick=False) as traveller:
        chance = random.Random(saves)  # noqa: S311 - words to write
        words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(size // 8)]
        accounts = [await users.user(Role.EDITOR) for _ in range(10)]
        await publish(await users.client_for(accounts[0]), "Bread", body_markdown=" ".join(words))
        for number in range(saves):
            traveller.move_to(START + timedelta(seconds=3 * number))
            if number % 100 == 0:
                # No login lasts that long, and nobody may save so often.
                people = [await users.client_for(account) for account in accounts]
                app.state.process.limiter = RateLimiter(None)
            place = chance.randrange(len(words))
            words[place : place + 2] = chance.choices(words, k=4)
            await save(people[number % 10], " ".join(words))

        # Ten minutes of each of ten people, and what was there before.
        groups = 10 * (saves * 3 // 600 + 1)
        assert len(await walk(people[0], "/articles/bread/revisions", limit=100)) <= groups + 2
        stored = await stored_bytes(session)
        _log.info("%d saves of %d characters take %d bytes", saves, size, stored)
        assert stored < most

        await thin_out(app, days=2)
        assert (await session.scalar(select(func.count()).select_from(Revision)) or 0) <= groups + 2
        assert await stored_bytes(session) < stored
        assert (await read(people[0], DRAFT))["body_markdown"] == " ".join(words)


async def not_rendered(_markdown: str, _account_id: int | None) -> RenderedArticle:
    """Rendering takes many times as long as all that this is about."""
    return RenderedArticle(html="", excerpt="", word_count=0, reading_minutes=0)


async def save(client: httpx.AsyncClient, body: str) -> None:
    """By somebody who has before them what they change."""
    shown = await client.get(DRAFT)
    tag = (shown if shown.is_success else await client.get("/articles/bread")).headers["ETag"]
    path, changed = f"{DRAFT}?autosave=true", {"body_markdown": body}
    saved = await client.patch(path, json=changed, headers={"If-Match": tag})
    assert saved.status_code == 200, saved.text


async def stored_bytes(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.sum(func.length(RevisionText.data)))) or 0)
