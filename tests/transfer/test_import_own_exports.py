"""What was exported comes back as it was."""

import io
import zipfile
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.core.roles import Role
from tests.support.blogs import all_articles, import_blog, last_line
from tests.support.users import Users
from tests.support.writing import publish

BODIES = {
    "liquid": "{% raw %}{{ x }}{% endraw %}\n{% highlight sh %}\nls\n{% endhighlight %}\n{% comment %}{% endcomment %}",
    "hugo": "{{< highlight go >}}\nx\n{{< /highlight >}} {{<figure src=x>}}",
    "kramdown": "* TOC\n{:toc}\n\n## Title {#id}\n{: .x}\n",
    "blank": "\n\n  starts and ends with blank lines  \n\n\n",
    "dashes": "---\ntitle: x\n---\n\ntext\n---\n",
    "returns": "a\r\nb\rc\r\n",
    "none": "",
    "odd": "\ufeffbyte order mark \u2028 \u0085 \u00a0 \x0b tab\t\n+++\n",
}


@pytest.mark.parametrize("line_ends", ["\n", "\r\n"])
async def test_bodies_come_back_exactly(live_app: FastAPI, live_users: Users, tmp_path: Path, line_ends: str) -> None:
    anna = await live_users.user(Role.AUTHOR, username="anna")
    client = await live_users.client_for(anna)
    for name, body in BODIES.items():
        await publish(client, name, body_markdown=body, tags=["世界", "视界"])
    response = await client.get("/users/me/export")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        for name in BODIES:
            text = archive.read(f"articles/{name}.md").decode().replace("\n", line_ends)
            (tmp_path / f"{name}.md").write_text(text, encoding="utf-8", newline="")
    admin = await live_users.client(Role.ADMIN)
    for name in BODIES:
        await admin.patch(f"/articles/{name}", json={"slug": f"{name}-before"})

    result = await import_blog(live_app, tmp_path)

    assert "template" not in result.stdout
    articles = await all_articles(admin)
    back = {name: articles[name]["body_markdown"] for name in BODIES}
    if line_ends == "\r\n":
        # Another system has changed the ends of lines; carriage returns of the text cannot be told from its own.
        assert back.pop("returns") == "a\n\nb\nc\n\n"
    assert back == {name: BODIES[name] for name in back}
    assert {tag["name"] for tag in articles["liquid"]["tags"]} == {"世界", "视界"}  # type: ignore[attr-defined]
    assert last_line(result) == f"{len(BODIES)} created, 0 updated, 0 unchanged, 0 skipped."
