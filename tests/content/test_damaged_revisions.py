"""Revisions whose texts are damaged where they are stored: everything else goes on."""

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import RevisionText
from tests.support.problems import problem_in
from tests.support.writing import publish, read

REVISIONS = "/articles/an-article/revisions"


@pytest.fixture
async def damaged(author: httpx.AsyncClient, session: AsyncSession) -> httpx.AsyncClient:
    await publish(author, body_markdown="Text.")
    await session.execute(update(RevisionText).values(data=b"nonsense"))
    await session.commit()
    return author


@pytest.mark.parametrize("path", ["1", "1/diff/2"])
async def test_they_are_said_to_be(damaged: httpx.AsyncClient, path: str) -> None:
    problem_in(await damaged.get(f"{REVISIONS}/{path}"), 409, "revision_damaged")
    problem_in(await damaged.put(f"{REVISIONS}/1/restoration"), 409, "revision_damaged")


async def test_writing_goes_on(damaged: httpx.AsyncClient) -> None:
    for number in range(3):
        body = {"body_markdown": f"Text {number}."}
        saved = await damaged.patch("/articles/an-article/draft?autosave=true", json=body)
        assert saved.status_code == 200, saved.text

    newest = saved.json()["version"]
    assert (await read(damaged, f"{REVISIONS}/{newest}"))["body_markdown"] == "Text 2."
