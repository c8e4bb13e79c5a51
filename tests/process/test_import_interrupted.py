"""Stopping an import in the middle, politely or not."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.content.models import Article
from tests.support.blogs import MODULE, all_articles, import_blog, last_line, write_post
from tests.support.commands import environment_of
from tests.support.users import Users

POSTS, ENOUGH = 40, 3


async def number_of_articles(app: FastAPI) -> int:
    async with app.state.database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(Article))) or 0


async def enough_articles(app: FastAPI) -> None:
    for _ in range(3000):
        if await number_of_articles(app) >= ENOUGH:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the import did not start")


@pytest.mark.parametrize(
    ("number", "code"),
    [pytest.param(signal.SIGINT, 130, marks=pytest.mark.one_database), (signal.SIGKILL, -signal.SIGKILL)],
)
async def test_only_whole_articles_are_left_and_the_rest_follows(
    live_app: FastAPI, live_users: Users, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    blog = tmp_path / "blog"
    body = "A *paragraph* of [some](https://example.com) length.\n\n" * 60
    for post in range(POSTS):
        write_post(blog / f"2020-01-01-post-{post}.md", f"author: Author {post}\ntags: [t{post}, all]", body)

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", MODULE, blog),
        env=environment_of(live_app.state.settings),
        cwd=live_app.state.settings.var_dir,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await enough_articles(live_app)
    process.send_signal(number)
    output, errors = await process.communicate()

    assert process.returncode == code
    if number is signal.SIGINT:
        assert errors.decode() == (
            "Interrupted. The posts reported have been imported; run this again to import the rest.\n"
        )
        assert output.decode().splitlines()[-1].endswith(" created, 0 updated, 0 unchanged, 0 skipped.")
    left = await number_of_articles(live_app)
    assert ENOUGH <= left < POSTS

    again = await import_blog(live_app, blog)

    assert last_line(again) == f"{POSTS - left} created, 0 updated, {left} unchanged, 0 skipped."
    articles = await all_articles(await live_users.client())
    assert len(articles) == POSTS
    assert all(len(article["tags"]) == 2 and article["body_html"] for article in articles.values())  # type: ignore[arg-type]
