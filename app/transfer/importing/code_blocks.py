"""Code between template tags, such as `{% highlight ruby %}`, as fenced code."""

import re
from urllib.parse import quote

# Of Jekyll, Octopress, Hexo, Hugo, and plug-ins and themes of theirs.
NAMES = frozenset({"highlight", "codeblock", "code", "fenced_code", "fenced-code", "prism", "sourcecode"})

_BACKTICKS = re.compile(r"`+")
# What a line may begin with for a fence to stand there: the marks of lists and of quotations.
_MARKS = " \t>*+-.0123456789"
_OPTION = re.compile(
    r"\b(?P<name>lang(?:uage)?|title|caption|file(?:name)?|start|mark|range|wrap|highlight|style|class|id|tabwidth"
    r"|line\w*|first_line|hl_\w+|anchor\w*|no\w+)"
    r"""\s*[:=](?![/:])\s*(?P<value>"[^"]*"|'[^']*'|[^\s"']+)""",
    re.IGNORECASE,
)
# All that an address may have but parentheses, and the sign of what is encoded already.
_KEPT_IN_ADDRESSES = "%/:?#[]@!$&'*+,;=~"
_LANGUAGE = re.compile(r"[\w+#.-]+")
_NOT_A_TITLE = {"linenos", "table", "inline", "nowrap"}


def fenced(name: str, arguments: str, before: str, content: str) -> str:
    """The block as fenced code; `before` is what stands before it in its line."""
    language, title = _described(name, arguments)
    in_place = not before.strip(_MARKS)
    margin = re.sub(r"[^\s>]", " ", before) if in_place else ""
    code, newline, closing_line = content.rpartition("\n")
    if closing_line.strip(" \t>"):
        code += newline + closing_line
    fence = "`" * max([3, *(len(run) + 1 for run in _BACKTICKS.findall(code))])
    caption = [f"**{title}**", margin.rstrip()] if title else []
    opening = f"{margin if title else ''}{fence}{language}"
    parts = [*caption, opening, *([stripped] if (stripped := code.strip("\n")) else []), f"{margin}{fence}\n"]
    return ("" if in_place else "\n") + "\n".join(parts)


def _described(name: str, arguments: str) -> tuple[str, str]:
    """The language of a block, and its title, if the tag says what they are."""
    options = {match["name"].lower(): match["value"].strip("\"'") for match in _OPTION.finditer(arguments)}
    words = _OPTION.sub(" ", arguments).split()
    language = options.get("lang", options.get("language", ""))
    given = next((options[key] for key in ("title", "caption", "filename", "file") if key in options), "")
    if name == "codeblock":
        return _plain(language), _title(words) or _text(given)
    first = words[0].strip("\"'") if words else ""
    return _plain(language or first), _text(given)


def _plain(language: str) -> str:
    found = _LANGUAGE.fullmatch(language)
    return found[0].rstrip("-") if found else ""


def _title(words: list[str]) -> str:
    """Octopress and Hexo: a title, perhaps an address, perhaps the text of a link to it."""
    words = [word for word in words if word not in _NOT_A_TITLE]
    address = next((word for word in words if re.match(r"https?://|/", word)), None)
    title = " ".join(words if address is None else words[: words.index(address)])
    # Parentheses and angle brackets would end it.
    return f"[{_text(title or address)}]({quote(address, safe=_KEPT_IN_ADDRESSES)})" if address else _text(title)


def _text(line: str) -> str:
    """With marks of Markdown escaped."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", line)
