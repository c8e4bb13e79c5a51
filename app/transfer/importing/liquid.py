"""Jekyll's template language, as far as it is used to write code; anything else is kept and reported."""

import re

_TAG = re.compile(r"\{%-?\s*+(raw|endraw|highlight|endhighlight)\b([^%]*+)%\}")
_LANGUAGE = re.compile(r"\s*([\w+#.-]*)")
_BACKTICKS = re.compile(r"`+")
# What a line may begin with for a fence to stand there: the marks of lists and of quotations.
_MARKS = " \t>*+-.0123456789"
# As text, and as a part of an address.
_LEFT = re.compile(r"\{[{%]|%7B%(?:7B|25)")


def without_liquid(markdown: str) -> str:
    """The text with code between `highlight` tags in fences, and without `raw` tags; it never gets longer.

    Tags that are not closed, or not opened, stay as they are.
    """
    pieces: list[str] = []
    end = 0
    raw = block = None
    for tag in _TAG.finditer(markdown):
        pieces += [markdown[end : tag.start()], tag[0]]
        end = tag.end()
        last = len(pieces) - 1
        if raw is not None:
            if tag[1] == "endraw":
                pieces[raw] = pieces[last] = ""
                raw = None
        elif tag[1] == "raw":
            raw = last
        elif tag[1] == "highlight":
            block = last
        elif tag[1] == "endhighlight" and block is not None:
            pieces[block:] = [_fenced("".join(pieces[max(0, block - 2) : block]), pieces[block:])]
            block = None
    return "".join([*pieces, markdown[end:]])


def _fenced(before: str, block: list[str]) -> str:
    """The block as fenced code; unchanged if that would be longer, as with very many backticks in a row."""
    opening, *content, _ = block
    line = before.rpartition("\n")[2]
    in_place = not line.strip(_MARKS)
    margin = re.sub(r"[^\s>]", " ", line) if in_place else ""
    code, newline, closing_line = "".join(content).rpartition("\n")
    if closing_line.strip(" \t>"):
        code += newline + closing_line
    fence = "`" * max([3, *(len(run) + 1 for run in _BACKTICKS.findall(code))])
    tag = _TAG.match(opening)
    found = _LANGUAGE.match(tag[2]) if tag else None
    language = found[1].rstrip("-") if found else ""
    parts = [fence + language, code.strip("\n"), f"{margin}{fence}\n"]
    fenced = ("" if in_place else "\n") + "\n".join(part for part in parts if part)
    return fenced if len(fenced) <= sum(map(len, block)) else "".join(block)


def is_left_in(html: str) -> bool:
    """Whether there is template code outside of code elements."""
    return _LEFT.search(_without(_without(html, "code"), "pre")) is not None


def _without(html: str, element: str) -> str:
    first, *others = html.split(f"<{element}")
    return first + "".join(other.partition(f"</{element}>")[2] for other in others)
