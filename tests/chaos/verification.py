"""Looks at everything that is there afterwards, and compares it with what was acknowledged."""

import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.ledger import Article, Asked, Ledger
from tests.chaos.load import API

# Runs a statement on the database itself.
Fetch = Callable[[str], Awaitable[list[Any]]]
_COMMENTS = "SELECT body_markdown, count(*) FROM comments GROUP BY body_markdown"
_ARTICLES = "SELECT title, count(*) FROM articles GROUP BY title"


@dataclass
class Findings:
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def verify(url: str, token: str, ledger: Ledger, fetch: Fetch) -> Findings:
    """What does not agree with the ledger, once nobody writes any more."""
    findings = Findings()
    stored = {name: dict(await fetch(query)) for name, query in (("articles", _ARTICLES), ("comments", _COMMENTS))}
    for counts in stored.values():
        findings.twice += [text for text, count in counts.items() if count > 1]
    for article in ledger.articles.values():
        if article.is_acknowledged and article.title not in stored["articles"]:
            findings.lost.append(article.title)
        acknowledged = [text for text, write in article.comments.items() if write.acknowledged is not None]
        findings.lost += [text for text in acknowledged if text not in stored["comments"]]
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url + API, headers=headers, timeout=15) as client:
        for article in ledger.articles.values():
            await _compare(client, article, findings)
    return findings


async def _compare(client: httpx.AsyncClient, article: Article, findings: Findings) -> None:
    sent = time.monotonic()
    response = await client.get(f"/articles/{article.slug}")
    asked = Asked(sent, time.monotonic(), allowance=0)
    if response.status_code == 404:
        if article.is_acknowledged:
            findings.lost.append(f"{article.slug} is not there")
        return
    page = response.json()
    objections = list(article.objections_to(page, asked))
    findings.lost += [objection for objection in objections if " instead of " in objection]
    findings.wrong += [objection for objection in objections if " instead of " not in objection]
    shown = page["status"] == "published"
    if not (article.may_be_shown(asked) if shown else article.may_be_hidden(asked)):
        findings.lost.append(f"{article.slug} is {page['status']}")
    comments = (await client.get(f"/articles/{article.slug}/comments?limit=100")).json()["items"]
    texts = Counter(item["body_markdown"] for item in comments)
    findings.twice += [text for text, count in texts.items() if count > 1]
    findings.lost += [o for o in article.objections_to_comments(list(texts), asked) if "missing" in o]


def sqlite_fetch(path: Path) -> Fetch:
    async def fetch(query: str) -> list[Any]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(query).fetchall()

    return fetch


def require_intact(path: Path) -> None:
    """SQLite's own checks of a database."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
