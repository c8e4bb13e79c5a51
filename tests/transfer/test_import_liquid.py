"""Template code in the posts of Jekyll."""

import pytest

from app.content.markup import render_article
from app.transfer.importing.leftovers import left_in
from app.transfer.importing.template_code import without_template_code


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("{% highlight shell %}\n$ ls\n{% endhighlight %}\n", "```shell\n$ ls\n```\n\n"),
        ("{%- highlight c++ linenos hl_lines=3 -%}\n\n  x;\n\n{%- endhighlight -%}", "```c++\n  x;\n```\n"),
        ("{% highlight %}\na ```` b\n{% endhighlight %}\n", "`````\na ```` b\n`````\n\n"),
        ("{% highlight sh %}ls{% endhighlight %}", "```sh\nls\n```\n"),
        ("See {% highlight sh %}ls{% endhighlight %} there", "See \n```sh\nls\n```\n there"),
        ("1. {% highlight sh %}\n   ls\n   {% endhighlight %}\n2. b", "1. ```sh\n   ls\n   ```\n\n2. b"),
        ("> {% highlight sh %}\n> ls\n> {% endhighlight %}\n", "> ```sh\n> ls\n> ```\n\n"),
        ("{% highlight sh %}{% endhighlight %}", "```sh\n```\n"),
        ("{% highlight html %}{% raw %}\n{{ x }}\n{% endraw %}{% endhighlight %}", "```html\n{{ x }}\n```\n"),
        ("a {% raw %}{{ x }}{% endraw %} b", "a {{ x }} b"),
        (
            "`{% raw %}{% highlight %}{% endraw %}` as `{% raw %}{% raw %}{% endraw %}`",
            "`{% highlight %}` as `{% raw %}`",
        ),
        ("{% highlight %} {% highlight sh %}ls{% endhighlight %}", "{% highlight %} \n```sh\nls\n```\n"),
    ],
)
def test_code_is_code(markdown: str, expected: str) -> None:
    assert without_template_code(markdown)[0] == expected


@pytest.mark.parametrize(
    "markdown",
    [
        "{% highlight sh %} never closed",
        "{% endhighlight %} {% endraw %} never opened",
        "{% raw %} {% highlight sh %}ls{% endhighlight %}",
        "{% include a.html %} {{ page.title }} {% highlighted %}",
        "{% highlight sh %}\n" + "`" * 40 + "\n{% endhighlight %}",
    ],
)
def test_everything_else_stays(markdown: str) -> None:
    assert without_template_code(markdown)[0] == markdown


@pytest.mark.parametrize(
    ("markdown", "is_left"),
    [
        ("Plain, with 100% {braces}", False),
        ("{% include a.html %}", True),
        ("{{ page.title }}", True),
        ("[a]({{site.url}}/a)", True),
        ('<a href="{{site.url}}/a">a</a>', True),
        ("`{{ a }}` and ``{% b %}``", False),
        ("```\n{{ a }}\n```\n\n    {% b %}\n", False),
        ("<pre>{{ a }}</pre>", False),
        ("`code` {{ a }} `code`", True),
    ],
)
def test_what_is_left_outside_of_code(markdown: str, *, is_left: bool) -> None:
    assert bool(left_in(render_article(markdown).html)) is is_left


@pytest.mark.parametrize(
    "unit",
    [
        "{% highlight ",
        "{% highlight x %}",
        "{% raw %}",
        "{%" + " " * 50,
        "{% highlight x %}a{% endhighlight %} b ",
        "{% highlight x %}` `` ```",
        "{% raw %}{% endraw %}",
        '<pre title="<code',
    ],
)
def test_a_hostile_text_neither_grows_nor_takes_for_ever(unit: str) -> None:
    text = unit * (500_000 // len(unit))
    assert len(without_template_code(text)[0]) <= len(text)
    assert bool(left_in(text)) is ("{%" in unit)
