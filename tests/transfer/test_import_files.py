"""Finding files, and what they are known by."""

import os
from pathlib import Path

import pytest

from app.transfer.importing.files import SourceFile, files_in
from app.transfer.importing.front_matter import BadPost, NotAPost


def written(path: Path, content: bytes = b"---\ntitle: A\n---\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_folders_are_searched_and_hidden_files_are_not(tmp_path: Path) -> None:
    for name in ("b.md", "a/c.md", "LICENSE", ".hidden.md", ".git/x.md"):
        written(tmp_path / name)
    assert sorted(file.display_path for file in files_in([tmp_path])) == ["LICENSE", "a/c.md", "b.md"]


def test_each_file_comes_once_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path / "blog" / "a.md")
    monkeypatch.chdir(file.parent)
    found = files_in([file.parent, Path(), file, Path("a.md"), Path("../blog/a.md")])
    assert found == [SourceFile(file)]


def test_a_file_is_known_by_the_same_name_whatever_was_imported(tmp_path: Path) -> None:
    file = written(tmp_path / "me" / "blog" / "_posts" / "a.md")
    sources = {files_in([root])[0].sources[0] for root in (file, file.parent)}
    assert sources == {"blog/_posts/a.md"}
    for root in (tmp_path, tmp_path / "me", file.parent, file):
        found = files_in([root])[0]
        assert "blog/_posts/a.md" in found.known_as
        assert found.sources[0] in SourceFile(file).known_as


def test_equally_named_files_of_two_blogs_are_told_apart(tmp_path: Path) -> None:
    for blog in ("one", "two"):
        written(tmp_path / blog / "_posts" / "a.md")
    first, second = (files_in([tmp_path / blog / "_posts"])[0] for blog in ("one", "two"))
    assert not set(first.sources) & set(second.known_as)


def test_text_is_read_whatever_its_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    file = written(tmp_path / "a.md", b"\xef\xbb\xbf---\r\ntitle: \xc3\xbc\r---\r\n")
    assert SourceFile(file).read() == "---\ntitle: ü\n---\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"caf\xe9", "not encoded in UTF-8"),
        ("text".encode("utf-16"), "not encoded in UTF-8"),
        (b"a\x00b", "NUL"),
        (b"x" * (3 * 1024 * 1024 + 1), "larger than"),
    ],
)
def test_a_reason_for_what_cannot_be_read(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadPost, match=reason):
        SourceFile(written(tmp_path / "a.md", content)).read()


def test_what_is_not_there_or_not_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "dangling.md").symlink_to(tmp_path / "nowhere.md")
    for file in files_in([tmp_path]):
        with pytest.raises(BadPost, match="not a file"):
            file.read()


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "locked").mkdir()
    written(tmp_path / "a.md")
    scan = os.scandir

    def refuse(folder: str) -> object:
        if str(folder).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    readable, locked = files_in([tmp_path])
    assert (readable.display_path, locked.display_path) == ("a.md", "locked")
    with pytest.raises(BadPost, match="folder that cannot be read"):
        locked.read()


def test_other_files_are_no_posts(tmp_path: Path) -> None:
    with pytest.raises(NotAPost, match="not a Markdown file"):
        SourceFile(written(tmp_path / "LICENSE")).read()


def test_a_name_that_is_not_utf_8_has_its_reason_and_can_be_printed(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\x1b.md")
    file = SourceFile(written(tmp_path / name))
    with pytest.raises(BadPost, match="not encoded in UTF-8"):
        file.read()
    assert file.display_path == "caf\ufffd\ufffd.md"
