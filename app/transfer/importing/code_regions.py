"""Where the code is in a Markdown text: fenced blocks, spans between backticks, and what is indented."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt

_RUN = re.compile(r"`+|~{3,}")
# What a line may begin with for a fence to stand there: the marks of lists and of quotations.
_MARGIN = re.compile(r"[ \t>]*(?:(?:[*+-]|\d{1,9}[.)])[ \t]+[ \t>]*)*")
_LONGEST_MARGIN = 200
_CLOSING = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_INDENTED = re.compile(r"[ >]*(?: {4}|\t)")
_BLOCKS = MarkdownIt("commonmark").disable(["inline", "text_join"])
_BLANK = re.compile(r"\n[ \t>]*(?=\n)")


class CodeRegions:
    """The runs of backticks and tildes in a text, and how far the code goes that begins with one of them.

    Everything is looked for once, so that a text of nothing but unclosed code takes no longer than any other.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._blanks = [match.start() for match in _BLANK.finditer(text)]
        self._closings = [(match.start(), match[1], match.end()) for match in _CLOSING.finditer(text)]
        self._spans: dict[int, list[int]] = {}
        self.runs = list(_RUN.finditer(text))
        for run in self.runs:
            if run[0][0] == "`":
                self._spans.setdefault(len(run[0]), []).append(run.start())

    def end_of(self, run: re.Match[str]) -> int | None:
        """The end of the code that begins with this run, if any does."""
        if self._is_fence(run):
            return self._end_of_fence(run)
        return self._end_of_span(run) if run[0][0] == "`" else None

    def line_before(self, place: int) -> str:
        """What the line has before this place, but for the beginning of a very long line."""
        start = self._lines[bisect_right(self._lines, place) - 1]
        return self._text[max(start, place - _LONGEST_MARGIN) : place]

    def _is_fence(self, run: re.Match[str]) -> bool:
        start = self._lines[bisect_right(self._lines, run.start()) - 1]
        if len(run[0]) < len("```") or run.start() - start > _LONGEST_MARGIN:
            return False
        end = self._text.find("\n", run.end())
        rest = self._text[run.end() : end if end >= 0 else len(self._text)]
        return _MARGIN.fullmatch(self._text, start, run.start()) is not None and not (run[0][0] == "`" and "`" in rest)

    def _end_of_fence(self, run: re.Match[str]) -> int:
        """The end of the closing line, or of the text."""
        for number in range(bisect_left(self._closings, (run.end(), "", 0)), len(self._closings)):
            _, fence, end = self._closings[number]
            if fence[0] == run[0][0] and len(fence) >= len(run[0]):
                return end
        return len(self._text)

    def _end_of_span(self, run: re.Match[str]) -> int | None:
        if self._is_escaped(run.start()):
            return None
        length = len(run[0])
        others = self._spans[length]
        following = bisect_right(others, run.start())
        if following == len(others):
            return None
        blank = bisect_left(self._blanks, run.end())
        if blank < len(self._blanks) and self._blanks[blank] < others[following]:
            return None
        return others[following] + length

    def _is_escaped(self, place: int) -> bool:
        before = self._text[max(0, place - 50) : place]
        return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def outside_of_code(markdown: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """What matches the pattern and is not code, in order."""
    matches = list(pattern.finditer(markdown))
    if not matches:
        return []
    regions = CodeRegions(markdown)
    code = list(_delimited(regions))
    # Whether an indented line is code depends on what is around it.
    if any(_INDENTED.match(regions.line_before(match.start()) + match[0]) for match in matches):
        code = sorted([*code, *_indented(markdown)])
    return [match for match in matches if not _is_in(code, match.end() - 1)]


def _delimited(regions: CodeRegions) -> Iterator[tuple[int, int]]:
    place = 0
    for run in regions.runs:
        if run.start() >= place and (end := regions.end_of(run)) is not None:
            yield run.start(), end
            place = end


def _indented(markdown: str) -> Iterator[tuple[int, int]]:
    lines = [0, *(match.end() for match in re.finditer("\n", markdown)), len(markdown)]
    for token in _BLOCKS.parse(markdown):
        if token.type == "code_block" and token.map:
            yield lines[token.map[0]], lines[token.map[1]]


def _is_in(code: Sequence[tuple[int, int]], place: int) -> bool:
    before = bisect_right(code, place, key=lambda region: region[0]) - 1
    return before >= 0 and place < code[before][1]
