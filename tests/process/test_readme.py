"""The tour in the README, pasted into a shell."""

import json
import re
from pathlib import Path
from typing import Any

from tests.process.processes import ROOT, free_port, run, started, status_of

_TOUR = re.compile(r"<!-- tour: begin -->\n```sh\n(.*?)```\n<!-- tour: end -->", re.DOTALL)


def responses_in(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_the_tour_works_when_pasted(ready_checkout: Path) -> None:
    tour = _TOUR.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert tour is not None
    port = free_port()
    api = f"http://127.0.0.1:{port}/api/v1"
    with started(ready_checkout, port) as server:
        status_of(f"{api}/articles", server)
        pasted = run("bash", "-euo", "pipefail", "-c", tour[1], cwd=ready_checkout, API=api)
        server.terminate()

    assert (pasted.returncode, pasted.stderr) == (0, "")
    registered, verified, draft, hidden, published, read, *_, thread, listed, tags = responses_in(pasted.stdout)
    assert (registered, verified["is_verified"]) == ({}, True)
    assert (draft["status"], hidden["code"], published["status"]) == ("draft", "article_not_found", "published")
    assert read["body_html"] == "<p>The <em>first</em> of many.</p>\n"
    assert [comment["depth"] for comment in thread["items"]] == [0, 1]
    assert [article["slug"] for article in listed["items"]] == ["hello-world"]
    assert [(tag["slug"], tag["article_count"]) for tag in tags["items"]] == [("news", 1)]
