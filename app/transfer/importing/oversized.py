"""Front matter that is longer than what is read of it: exporters put a post's comments and metadata there."""

import re

_NAME = re.compile(r"[\"']?(?P<name>[\w.-]+)[\"']?[ \t]*:", re.ASCII)
_START = re.compile(rf"^(?={_NAME.pattern.replace('(?P<name>', '(?:')})", re.ASCII | re.MULTILINE)
# Without these it would be another post.
_NEEDED = re.compile(
    r"title|date|pub.*|draft|status|.*status|visibility|password|expir.*|unpub.*|author.*|slug|permalink|url|path|lang.*"
    r"|tags?|categor.*|excerpt|summary|description|render|_?build|headless|private|hidden|unlisted|eleventy.*"
    r"|params|extra|taxonomies|is.*|visible|routable|listed|deleted|trashed|protected|encrypted|lastmod|modified",
    re.IGNORECASE,
)


def without_bulk(header: str, most: int) -> str:
    """The YAML without its longest fields, as many as it takes; unchanged if the ones that are needed are too long."""
    # Each field with the lines that belong to it, which are indented or items of a list.
    blocks = _START.split(header)
    left = len(header)
    dropped: set[int] = set()
    for number, block in sorted(enumerate(blocks), key=lambda each: len(each[1]), reverse=True):
        match = _NAME.match(block)
        if left > most and match and not _NEEDED.fullmatch(match["name"]):
            dropped.add(number)
            left -= len(block)
    return "".join(block for number, block in enumerate(blocks) if number not in dropped) if left <= most else header
