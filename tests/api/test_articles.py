"""Writing, publishing and reading articles."""

from app.core.roles import Role
from tests.support.people import People


async def test_a_stranger_reads_what_an_author_published(people: People) -> None:
    author, stranger = await people.client(Role.AUTHOR), await people.client()
    written = await author.post("/articles", json={"title": "Hello, World!", "body_markdown": "*Hi*", "tags": ["One", "Two"]})
    assert written.status_code == 201, written.text
    assert (await stranger.get("/articles/hello-world")).status_code == 404
    assert (await author.put("/articles/hello-world/publication")).status_code == 200

    read = await stranger.get("/articles/hello-world")

    assert read.status_code == 200
    assert read.json()["body_html"] == "<p><em>Hi</em></p>\n"
    assert [tag["slug"] for tag in read.json()["tags"]] == ["one", "two"]
