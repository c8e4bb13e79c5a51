"""What `docs/api.md` shows of drafts and history is what happens."""

import json
import re
from pathlib import Path

import httpx

from tests.support.writing import publish

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
LINE = re.compile(
    r'(?P<method>[A-Z]+) +/api/v1(?P<path>\S+)(?: +(?P<tag>"42\.\d+"))?(?: +(?P<body>\{.*\}))? +(?P<end>.*)'
)


async def test_the_example(author: httpx.AsyncClient) -> None:
    article = await publish(author, "Bread", body_markdown="Flour.")
    [example] = re.findall(r"\*\*Drafts and history\.\*\*.*?```\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    lines = [LINE.fullmatch(line) for line in example.splitlines()]
    assert len(lines) > 10

    for line in lines:
        assert line is not None
        tag = line["tag"]
        headers = {"If-Match": tag.replace("42.", f"{article['id']}.")} if tag else {}
        body = json.loads(line["body"]) if line["body"] else None
        response = await author.request(line["method"], line["path"], json=body, headers=headers)
        code = response.json().get("code", "") if response.content else ""
        assert f"{response.status_code} {code}".split() == line["end"].split(), line[0]
