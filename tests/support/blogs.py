"""Small blogs to import."""

from pathlib import Path

import httpx
from fastapi import FastAPI
from typer.testing import Result

from tests.support.commands import run_command

MODULE = "commands.import_markdown"


def write_post(path: Path, header: str = "title: A", body: str = "Text\n") -> Path:
    """A post with YAML front matter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\n{header}\n---\n\n{body}", encoding="utf-8")
    return path


def small_blog(folder: Path) -> Path:
    """Posts as in Jekyll and Zola, and two files that are not posts."""
    write_post(
        folder / "2013-05-06-jekyll-1-0-0-released.markdown",
        'title: "Jekyll 1.0.0 Released"\ndate: 2013-05-06 02:12:52 +0200\nauthor: parkr\n'
        "categories: [release, big news]",
        "Hey! <script>alert(1)</script> {% highlight %} *there*\n",
    )
    (folder / "meeting.md").write_text(
        '+++\npath = "inside/2019/11/18/Team-Meeting"\ntitle = "A meeting"\nauthors = ["Ann Lee", "Bob"]\n'
        '[taxonomies]\ntags = ["Teams", "news"]\n+++\nMinutes.\n',
        encoding="utf-8",
    )
    write_post(folder / "later.md", "title: Another\nslug: team-meeting\ndate: 2019-12-01\nauthor: Ann Lee\ntags: news")
    (folder / "LICENSE").write_text("Free.\n", encoding="utf-8")
    (folder / "README.md").write_text("# About\n", encoding="utf-8")
    return folder


async def import_blog(app: FastAPI, *arguments: Path | str) -> Result:
    return await run_command(app.state.settings, MODULE, *(str(argument) for argument in arguments))


def last_line(result: Result) -> str:
    return result.stdout.splitlines()[-1]


async def all_articles(client: httpx.AsyncClient, status: str = "published") -> dict[str, dict[str, object]]:
    """Every article by its slug, each read from its own page."""
    slugs: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"status": status, "limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/articles", params=query)).json()
        slugs += [item["slug"] for item in page["items"]]
        cursor = page["next_cursor"]
    return {slug: (await client.get(f"/articles/{slug}")).json() for slug in slugs}
