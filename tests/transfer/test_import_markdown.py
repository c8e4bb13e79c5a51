"""Importing Markdown: what arrives, and what happens the second time."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.core.roles import Role
from tests.support.blogs import all_articles, import_blog, last_line, small_blog, write_post
from tests.support.users import Users


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    return small_blog(tmp_path / "blog")


@pytest.fixture
async def editor(live_users: Users) -> httpx.AsyncClient:
    return await live_users.client(Role.EDITOR)


async def test_every_post_arrives_as_it_was(live_app: FastAPI, live_users: Users, blog: Path) -> None:
    result = await import_blog(live_app, blog)

    assert result.exit_code == 0, result.stderr
    articles = await all_articles(await live_users.client())
    assert list(articles) == ["team-meeting-2019-12-01", "team-meeting", "jekyll-1-0-0-released"]
    released = articles["jekyll-1-0-0-released"]
    assert released["title"] == "Jekyll 1.0.0 Released"
    assert released["published_at"] == "2013-05-06T00:12:52Z"
    assert released["author"] == {"username": "parkr", "display_name": "parkr", "avatar_url": None}
    assert released["category"] == {"slug": "release", "name": "release"}
    assert released["tags"] == [{"slug": "big-news", "name": "big news"}]
    assert released["body_html"] == "<p>Hey!  {% highlight %} <em>there</em></p>\n"
    assert released["created_at"] == released["updated_at"]
    meeting = articles["team-meeting"]
    assert (meeting["title"], meeting["published_at"]) == ("A meeting", "2019-11-18T00:00:00Z")
    assert [tag["slug"] for tag in meeting["tags"]] == ["news", "teams"]  # type: ignore[attr-defined]


async def test_the_report(live_app: FastAPI, blog: Path) -> None:
    slug = "jekyll-1-0-0-released"
    result = await import_blog(live_app, blog)
    assert result.stdout.splitlines() == [
        f"created    2013-05-06-{slug}.markdown → {slug}: contains template code: highlight; dropped 1 <script>",
        "created    meeting.md → team-meeting: also by Bob; redirects from /inside/2019/11/18/Team-Meeting",
        "created    later.md → team-meeting-2019-12-01",
        "skipped    LICENSE: it is not a Markdown file (.md, .markdown, .mkd, .mdown)",
        "skipped    README.md: it has no front matter",
        "New accounts to be claimed (2): parkr, ann-lee.",
        "Dropped from the bodies: 1 <script>.",
        "3 created, 0 updated, 0 unchanged, 2 skipped.",
    ]


async def test_a_dry_run_says_the_same_and_does_nothing(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path
) -> None:
    dry = await import_blog(live_app, "--dry-run", blog)
    assert await all_articles(editor) == {}
    assert (await editor.get("/tags")).json()["items"] == []
    real = await import_blog(live_app, blog)
    assert dry.stdout == f"{real.stdout}This was a dry run. Nothing has been changed.\n"


async def test_the_second_time_nothing_changes(live_app: FastAPI, editor: httpx.AsyncClient, blog: Path) -> None:
    await import_blog(live_app, blog)
    before = await all_articles(editor)

    for arguments in ([blog], [f"{blog}/"], [blog / "later.md", blog / "meeting.md"], [blog.parent]):
        again = await import_blog(live_app, *arguments)
        assert again.exit_code == 0
        assert ", 0 updated," in last_line(again)
        assert last_line(again).startswith("0 created")

    assert await all_articles(editor) == before


async def test_what_has_changed_is_updated_where_it_is(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path
) -> None:
    await import_blog(live_app, blog)
    before = await all_articles(editor)
    write_post(
        blog / "later.md", "title: New\nslug: team-meeting\ndate: 2019-12-02\nauthor: Cid\ntags: [x]\nlang: de", "New\n"
    )

    result = await import_blog(live_app, blog)

    assert "updated    later.md → team-meeting-2019-12-02" in result.stdout
    assert last_line(result) == "0 created, 1 updated, 2 unchanged, 2 skipped."
    after = await all_articles(editor)
    updated = after.pop("team-meeting-2019-12-02")
    original = before.pop("team-meeting-2019-12-01")
    assert after == before
    assert (updated["id"], updated["title"], updated["language"]) == (original["id"], "New", "de")
    assert (updated["body_markdown"], updated["body_html"]) == ("New\n", "<p>New</p>\n")
    assert updated["published_at"] == "2019-12-02T00:00:00Z"
    assert updated["tags"] == [{"slug": "x", "name": "x"}]
    assert updated["author"]["username"] == "cid"  # type: ignore[index]
    assert last_line(await import_blog(live_app, blog)) == "0 created, 0 updated, 3 unchanged, 2 skipped."


async def test_what_was_edited_in_the_blog_is_never_overwritten(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path
) -> None:
    await import_blog(live_app, blog)
    await editor.patch("/articles/team-meeting", json={"title": "Edited here"})
    before = await all_articles(editor)

    assert "3 unchanged" in last_line(await import_blog(live_app, blog))
    (blog / "meeting.md").write_text('+++\npath = "2019/11/18/Team-Meeting"\ntitle = "There"\n+++\n', encoding="utf-8")
    result = await import_blog(live_app, blog)

    assert result.exit_code == 0
    assert "skipped    meeting.md: it has changed, but its article was edited in the blog" in result.stdout
    assert await all_articles(editor) == before


async def test_nor_is_what_somebody_is_writing_beside_it(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path
) -> None:
    await import_blog(live_app, blog)
    before = await all_articles(editor)
    await editor.patch("/articles/team-meeting/draft", json={"title": "Written here"})
    (blog / "meeting.md").write_text('+++\npath = "2019/11/18/Team-Meeting"\ntitle = "There"\n+++\n', encoding="utf-8")

    for arguments in (["--dry-run"], []):
        result = await import_blog(live_app, blog, *arguments)
        assert "skipped    meeting.md: it has changed, but its article was edited in the blog" in result.stdout

    assert await all_articles(editor) == before
    assert (await editor.get("/articles/team-meeting/draft")).json()["title"] == "Written here"


async def test_what_was_deleted_in_the_blog_stays_deleted(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path
) -> None:
    await import_blog(live_app, blog)
    await editor.delete("/articles/team-meeting")

    result = await import_blog(live_app, blog)

    assert "skipped    meeting.md: its article was deleted in the blog" in result.stdout
    assert "team-meeting" not in await all_articles(editor)


async def test_a_blog_that_has_moved_is_recognised(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path, tmp_path: Path
) -> None:
    await import_blog(live_app, blog)
    before = await all_articles(editor)
    moved = small_blog(tmp_path / "elsewhere")

    assert last_line(await import_blog(live_app, moved)) == "0 created, 0 updated, 3 unchanged, 2 skipped."
    assert await all_articles(editor) == before
    write_post(moved / "later.md", "title: New\nslug: team-meeting\ndate: 2019-12-01\nauthor: Ann Lee")
    assert last_line(await import_blog(live_app, moved)) == "0 created, 1 updated, 2 unchanged, 2 skipped."


async def test_equally_named_posts_of_two_blogs_both_arrive(
    live_app: FastAPI, editor: httpx.AsyncClient, tmp_path: Path
) -> None:
    for blog in ("one", "two"):
        write_post(tmp_path / blog / "_posts" / "2020-01-01-hello.md", f"title: Hello from {blog}")
    for _ in range(2):
        for blog in ("one", "two"):
            await import_blog(live_app, tmp_path / blog / "_posts")

    titles = {slug: article["title"] for slug, article in (await all_articles(editor)).items()}
    assert titles == {"hello": "Hello from one", "hello-2020-01-01": "Hello from two"}


async def test_a_slug_that_somebody_has_taken_here_stays_theirs(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path
) -> None:
    await editor.post("/articles", json={"title": "Mine", "slug": "team-meeting", "status": "published"})
    await import_blog(live_app, blog)
    titles = {slug: article["title"] for slug, article in (await all_articles(editor)).items()}
    assert titles["team-meeting"] == "Mine"
    assert titles["team-meeting-2019-11-18"] == "A meeting"


async def test_one_bad_file_does_not_stop_the_rest(live_app: FastAPI, editor: httpx.AsyncClient, blog: Path) -> None:
    (blog / "a-latin1.md").write_bytes(b"---\ntitle: caf\xe9\n---\n")
    write_post(blog / "b-broken.md", "title: [")
    write_post(blog / "c-long.md", f"title: {'x' * 201}")
    write_post(blog / "d-date.md", "title: D\ndate: someday")

    result = await import_blog(live_app, blog)

    assert result.exit_code == 1
    reasons = dict(line.removeprefix("skipped    ").split(": ", 1) for line in result.stdout.splitlines()[4:9])
    assert reasons["a-latin1.md"] == "it is not encoded in UTF-8"
    assert reasons["b-broken.md"].startswith("its front matter is not valid YAML")
    assert reasons["d-date.md"] == "its date 'someday' cannot be read"
    assert "created    c-long.md → c-long: a draft, because it has no date; its title was cut to 200" in result.stdout
    assert last_line(result) == "4 created, 0 updated, 0 unchanged, 5 skipped."
    assert len(await all_articles(editor)) == 3


async def test_drafts_keep_their_dates_and_are_seen_by_editors_only(
    live_app: FastAPI, live_users: Users, editor: httpx.AsyncClient, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "a.md", "title: A\ndate: 2020-01-01\ndraft: true")
    write_post(tmp_path / "blog" / "b.md", "title: B\ndate: 2999-01-01")
    write_post(tmp_path / "blog" / "c.md", "title: C")

    result = await import_blog(live_app, "--author", "Ann Lee <ann@example.com>", tmp_path / "blog")

    assert "created    b.md → b: a draft, because its date is in the future" in result.stdout
    assert "created    c.md → c: a draft, because it has no date" in result.stdout
    assert await all_articles(await live_users.client()) == {}
    drafts = await all_articles(editor, "draft")
    assert {slug: draft["published_at"] for slug, draft in drafts.items()} == {
        "a": "2020-01-01T00:00:00Z",
        "b": "2999-01-01T00:00:00Z",
        "c": None,
    }
    assert {draft["author"]["username"] for draft in drafts.values()} == {"ann-lee"}  # type: ignore[index]


async def test_code_in_tags_of_jekyll_arrives_as_code(
    live_app: FastAPI, editor: httpx.AsyncClient, tmp_path: Path
) -> None:
    code = "{% highlight shell %}\n$ ls *\n{% endhighlight %}\n"
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "title: A", code)
    write_post(tmp_path / "blog" / "2020-01-02-b.md", "title: B", "[a]({{ site.url }}) `{% raw %}{{ x }}{% endraw %}`")
    (tmp_path / "blog" / "2020-01-03-c.md").write_text("+++\n+++\n`{% raw %}`, then `{% endraw %}`\n", encoding="utf-8")

    dry = await import_blog(live_app, "--dry-run", tmp_path / "blog")
    result = await import_blog(live_app, tmp_path / "blog")

    assert dry.stdout.startswith(result.stdout)
    assert result.stdout.splitlines()[:3] == [
        "created    2020-01-01-a.md → a",
        "created    2020-01-02-b.md → b: contains template code: site.url",
        "created    2020-01-03-c.md → c",
    ]
    articles = await all_articles(editor)
    assert articles["a"]["body_html"] == '<pre><code class="language-shell">$ ls *\n</code></pre>\n'
    assert articles["b"]["body_html"] == "<p>[a]({{ site.url }}) <code>{{ x }}</code></p>\n"
    assert articles["c"]["body_markdown"] == "`{% raw %}`, then `{% endraw %}`\n"
    assert last_line(await import_blog(live_app, tmp_path / "blog")).startswith("0 created, 0 updated, 3 unchanged")


async def test_wrong_usage(live_app: FastAPI, tmp_path: Path) -> None:
    assert (await import_blog(live_app)).exit_code == 2
    assert (await import_blog(live_app, tmp_path / "nowhere")).exit_code == 2
    assert (await import_blog(live_app, "--author", " ", tmp_path)).exit_code == 2
    assert (await import_blog(live_app, "--language", "klingon!", tmp_path)).exit_code == 2


async def test_what_is_dropped_is_counted(live_app: FastAPI, tmp_path: Path) -> None:
    frame = '<iframe src="https://video.example/1"></iframe>\n'
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "title: A", f"{frame}\n{frame}\n<script>x</script>\n")
    write_post(tmp_path / "blog" / "2020-01-02-b.md", "title: B", f"{frame}\n```html\n{frame}```\n")

    result = await import_blog(live_app, tmp_path / "blog")

    lines = result.stdout.splitlines()
    assert lines[:2] == [
        "created    2020-01-01-a.md → a: dropped 2 <iframe>, 1 <script>",
        "created    2020-01-02-b.md → b: dropped 1 <iframe>",
    ]
    assert "Dropped from the bodies: 3 <iframe>, 1 <script>." in lines


async def test_tags_and_categories_of_one_transliteration_arrive_as_two(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    pairs = [("世界", "视界"), ("schön", "schon"), ("pêche", "péché"), ("مصر", "مسر")]
    for number, (one, other) in enumerate(pairs, start=1):
        for folder, category in enumerate((one, other), start=1):
            path = tmp_path / "blog" / f"202{folder}-01-0{number}-post-{number}-{folder}.md"
            write_post(path, f"category: {category}\ntags: [{one}, {other}, {one.upper()}]")
    await import_blog(live_app, tmp_path / "blog")

    articles = await all_articles(await live_users.client())
    for number, pair in enumerate(pairs, start=1):
        for folder, category in enumerate(pair, start=1):
            article = articles[f"post-{number}-{folder}"]
            assert {tag["name"] for tag in article["tags"]} == set(pair)  # type: ignore[attr-defined]
            assert article["category"]["name"] == category  # type: ignore[index]


async def test_translations_leave_the_slug_to_the_original(
    live_app: FastAPI, editor: httpx.AsyncClient, tmp_path: Path
) -> None:
    blog = tmp_path / "content"
    for name, date in (("index.fr.md", "2020-01-01"), ("index.md", "2020-02-02"), ("index.de.md", "2020-01-01")):
        write_post(blog / "trip" / name, f"title: {name}\ndate: {date}")
    write_post(blog / "_index.fr.md", "title: Accueil")
    write_post(blog / "plain.md", "title: Plain\ndate: 2020-01-01")
    write_post(blog / "own.fr.md", "title: Own\nslug: le-mien\ndate: 2020-01-01")
    write_post(blog / "a.md", "title: A\nslug: same\nlang: it\ndate: 2020-01-01")
    write_post(blog / "b.md", "title: B\nslug: same\ndate: 2020-01-01")
    write_post(blog / "c.md", "title: C\nslug: same\ndate: 2020-01-03")

    result = await import_blog(live_app, "--language", "British English", blog)

    assert result.exit_code == 0
    assert "skipped    _index.fr.md: it is a section page" in result.stdout
    articles = await all_articles(editor)
    assert {slug: article["language"] for slug, article in articles.items()} == {
        "trip": "en-GB",
        "trip-de": "de",
        "trip-fr": "fr",
        "plain": "en-GB",
        "le-mien": "fr",
        "same": "en-GB",
        "same-2020-01-03": "en-GB",
        "same-it": "it",
    }
    for part in (blog, blog / "trip", blog / "trip" / "index.fr.md"):
        again = last_line(await import_blog(live_app, "--language", "en-GB", part))
        assert again.startswith("0 created, 0 updated, ")
    write_post(blog / "a.md", "title: Changed\nslug: same\nlang: it\ndate: 2020-01-01")
    changed = await import_blog(live_app, "--language", "en-GB", blog / "a.md")
    assert "updated    a.md → same-it" in changed.stdout


@pytest.mark.parametrize(
    "files", [{}, {"README.md": "# About\n"}, {"_index.md": "---\ntitle: A\n---\n"}, {"a.txt": "A"}]
)
async def test_it_is_a_failure_if_no_post_could_be_read(
    live_app: FastAPI, tmp_path: Path, files: dict[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = await import_blog(live_app, tmp_path)
    assert result.exit_code == 1
    assert "No post could be read." in result.stderr
