"""Managing redirects from the command line."""

import json
from pathlib import Path

from fastapi import FastAPI

from tests.support.commands import run_command

MODULE = "commands.redirects"


async def run(app: FastAPI, *arguments: str | Path, code: int = 0) -> str:
    result = await run_command(app.state.settings, MODULE, *map(str, arguments))
    assert result.exit_code == code, result.output
    return result.output


async def test_redirects_are_added_listed_and_removed(live_app: FastAPI) -> None:
    assert await run(live_app, "list") == ""
    assert await run(live_app, "add", "/old/", "/new", "--note", "\x1b[2Jx", code=1) != ""
    assert await run(live_app, "add", "/old/", "/new", "--note", "why") == "/old leads to /new.\n"
    assert await run(live_app, "add", "/gone", "--status", "410", "--prefix") == "/gone is gone.\n"

    table = await run(live_app, "list")
    rows = [line.split()[1:5] for line in table.splitlines() if line.strip()[:1].isdigit()]
    assert rows == [
        ["/gone", "prefix", "410", "0"],
        ["/old", "exact", "/new", "308"],
    ]
    (found,) = map(json.loads, (await run(live_app, "list", "new", "--json")).splitlines())
    assert (found["source"], found["note"], found["created_by"]) == ("/old", "why", None)
    assert await run(live_app, "remove", "/gone", code=1) == "Redirect not found.\n"
    assert await run(live_app, "remove", "/gone/", "--prefix") == "/gone leads nowhere any more.\n"
    assert len((await run(live_app, "list", "--json")).splitlines()) == 1


async def test_what_is_wrong_is_refused_in_a_sentence(live_app: FastAPI) -> None:
    await run(live_app, "add", "/a", "/b")

    assert await run(live_app, "add", "/b", "/a", code=1) == "This would lead in a circle: /b → /a → /b.\n"
    assert await run(live_app, "add", "/a", "/c", code=1) == "There is a redirect from this path already.\n"
    assert "source: " in await run(live_app, "add", "old", "/c", code=1)
    assert await run(live_app, "add", "/c", code=1) == "A target must be given, unless the status is 410.\n"
    assert "status: " in await run(live_app, "add", "/c", "/d", "--status", "200", code=1)
    assert await run(live_app, "remove", "/nothing", code=1) == "Redirect not found.\n"
    await run(live_app, "add", "/c", "/d", "--status", "x", code=2)


async def test_files_go_in_and_out(live_app: FastAPI, tmp_path: Path) -> None:
    file, copy = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text("source,target,status,match\n/a,/b,301,\n/p,,410,prefix\n", encoding="utf-8")

    dry = await run(live_app, "import", file, "--dry-run")
    assert dry == "2 created, 0 changed, 0 unchanged.\nThis was a dry run. Nothing has been changed.\n"
    assert await run(live_app, "list") == ""
    assert await run(live_app, "import", file) == "2 created, 0 changed, 0 unchanged.\n"
    assert await run(live_app, "export", copy) == ""
    assert copy.read_bytes().splitlines()[1:] == [b"/a,exact,/b,301,,0,", b"/p,prefix,,410,,0,"]
    assert (await run(live_app, "export")).splitlines() == copy.read_text().splitlines()
    assert await run(live_app, "import", copy) == "0 created, 0 changed, 2 unchanged.\n"

    file.write_text("source,target\nbad,/b\n/c,/d\n/e,\n", encoding="utf-8")
    refused = (await run(live_app, "import", file, code=1)).splitlines()
    assert refused[0].startswith("line 2, source: ")
    assert refused[1] == "line 4: A target must be given, unless the status is 410."
    await run(live_app, "import", tmp_path / "nothing.csv", code=2)
    assert "cannot be written" in await run(live_app, "export", tmp_path / "no" / "where.csv", code=1)
