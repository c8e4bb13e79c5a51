"""Template code in bodies: what is code becomes code, what hides is hidden, and code that shows it stays."""

import pytest

from app.content.markup import render_article
from app.content.schemas.articles import BODY_MAX_LENGTH
from app.transfer.importing.bodies import Templates, converted
from app.transfer.importing.kramdown import without_attributes
from app.transfer.importing.leftovers import left_in
from app.transfer.importing.template_code import without_template_code


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (
            '{{< highlight go "linenos=table,hl_lines=8 15-17" >}}\nf(`a`)\n{{< /highlight >}}\n',
            "```go\nf(`a`)\n```\n\n",
        ),
        ("{{% highlight bash %}}\nls\n{{% /highlight %}}", "```bash\nls\n```\n"),
        ("{{<highlight python>}}a{{</highlight>}}", "```python\na\n```\n"),
        ('{{< highlight lang="c++" options="linenos=true" >}}\na\n{{< / highlight >}}', "```c++\na\n```\n"),
        ("{{< highlight html >}}\n{{ .Title }}{{< x >}}\n{{< /highlight >}}", "```html\n{{ .Title }}{{< x >}}\n```\n"),
        ("* x\n\n    {{< highlight go >}}\n    a\n    {{< /highlight >}}\n", "* x\n\n    ```go\n    a\n    ```\n\n"),
        ("{% codeblock %}\nx\n{% endcodeblock %}", "```\nx\n```\n"),
        ("{% codeblock lang:objc line_number:false %}\n[r m];\n{% endcodeblock %}", "```objc\n[r m];\n```\n"),
        (
            "{% codeblock Time to be Awesome - awesome.rb lang:ruby %}\nputs 1\n{% endcodeblock %}",
            "**Time to be Awesome - awesome.rb**\n\n```ruby\nputs 1\n```\n",
        ),
        (
            "{% codeblock _.compact http://underscorejs.org/#compact Underscore.js %}\nx\n{% endcodeblock %}",
            "**[\\_.compact](http://underscorejs.org/#compact)**\n\n```\nx\n```\n",
        ),
        (
            "{% codeblock Title http://example.com/a_(b)) lang:sh %}\nx\n{% endcodeblock %}",
            "**[Title](http://example.com/a_%28b%29%29)**\n\n```sh\nx\n```\n",
        ),
        (
            "> {% codeblock A title lang:sh %}\n> ls\n> {% endcodeblock %}\n",
            "> **A title**\n>\n> ```sh\n> ls\n> ```\n\n",
        ),
        ("{% code lang:js %}\nx\n{% endcode %}", "```js\nx\n```\n"),
        ("{% fenced_code ruby %}\nx\n{% endfenced_code %}", "```ruby\nx\n```\n"),
        ("{% highlight md %}\n```js\n{{ x }}\n```\n{% endhighlight %}", "````md\n```js\n{{ x }}\n```\n````\n"),
        (
            "{% highlight sh %}\necho `date\n{% endhighlight %}\nUse `foo`: {% highlight sh %}x`{% endhighlight %}",
            "```sh\necho `date\n```\n\nUse `foo`: \n```sh\nx`\n```\n",
        ),
        (
            "{% highlight rb %}\n{% include x %}{% comment %}\n{% endhighlight %}",
            "```rb\n{% include x %}{% comment %}\n```\n",
        ),
        ("a{% comment %} secret {% endcomment %}b", "ab"),
        ("a{%- comment -%}\n`x\n{%- endcomment -%}b `c`", "ab `c`"),
        ("a{{< comment >}}x{{< /comment >}}b{{% comment %}}x{{% /comment %}}", "ab"),
        ("```\n{% raw %}{{ x }}{% endraw %}\n```", "```\n{{ x }}\n```"),
        ("{% raw %}{% comment %}shown{% endcomment %}{% endraw %}", "{% comment %}shown{% endcomment %}"),
    ],
)
def test_code_becomes_code_and_comments_are_left_out(markdown: str, expected: str) -> None:
    assert without_template_code(markdown)[0] == expected


@pytest.mark.parametrize(
    "markdown",
    [
        "```\n{% highlight sh %}\nls\n{% endhighlight %}\n```\n",
        "~~~ md\n{{< highlight go >}}\nx\n{{< /highlight >}}\n```\n{% comment %}x{% endcomment %}\n~~~~\n",
        "> ```\n> {% comment %}x{% endcomment %}\n> ```\n",
        "1. ```\n   {% codeblock %}x{% endcodeblock %}\n   ```\n",
        "`{% highlight sh %}ls{% endhighlight %}` and ``{{< highlight sh >}}`{{< /highlight >}}``",
        "`{% comment %}x\n{% endcomment %}`",
        "```\nnever closed {% comment %}x{% endcomment %}",
        "```\n{{ x }} {: .x} {#id}\n```\n",
        "`{{ x }}` `{: .x}` `*`{{ y }}",
        "    {: .note}\n",
        "{{< highlight go >}} never closed",
        "{{< /highlight >}} {% endcodeblock %} never opened",
        "{% include_code a.rb %} {% gist 1 %} {{ youtube(id='x') }} {% quote() %}x{% end %}",
        "use {:a => 1}, {:key}, {x}, f({:a}) and {#x}",
        "## Set {1, 2}\n\n## CSS {color: red}\n\n## f {x}\n",
        "text with [TOC] in it",
    ],
)
def test_what_is_shown_in_code_or_is_something_else_stays(markdown: str) -> None:
    assert converted(markdown, Templates.LIQUID).markdown == markdown


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Title\n\n* TOC\n{:toc}\n\nx", "# Title\n\n\nx"),
        ("1. this will be scrapped\n{: toc .big }\n\nA", "\nA"),
        ("{:toc}\n- TOC\n\nA", "\nA"),
        ("[[TOC]]\n\nx", "\nx"),
        ("## Title {#my-id}\n", "## Title {#my-id}\n"),
        ("> ## Title {: #my-id .x} ##\n", "> ## Title {#my-id}\n"),
        ("Title {#t .x}\n=====\nx", "Title {#t}\n=====\nx"),
        ('## Title {.x data-y="1"}\n', "## Title\n"),
        ("## Title\n{:.no_toc}\n\nx", "## Title\n\nx"),
        ('![a](b.png){: .center width="300"} [a](b){:target="_blank"}', "![a](b.png) [a](b)"),
        ("*a*{: .x} `b`{:.language-ruby} c", "*a* `b` c"),
        ("> a\n> {: .note}\n\nx", "> a\n\nx"),
        ("~~~ ruby\nx\n~~~\n{: .language-x}\n", "~~~ ruby\nx\n~~~\n"),
        ('{:refdef: style="text-align: center;"}\n![x](y)\n{: refdef}\n', "![x](y)\n"),
        ("{::comment}\nsecret\n{:/comment}\n\nx", "\nx"),
        ("{::nomarkdown}\n<b>x</b>\n{:/}\n", "<b>x</b>\n"),
        ("a\n\n    {: .shown}\n\nb\n{: .y}\n", "a\n\n    {: .shown}\n\nb\n"),
    ],
)
def test_attributes_are_applied_or_removed(markdown: str, expected: str) -> None:
    assert without_attributes(markdown)[0] == expected


def test_what_stays_is_text_and_is_named() -> None:
    markdown = (
        '{{<figure src="a.png">}} {{< youtube x >}} {{% notice tip %}}x{{% /notice %}} {{ page.title }} '
        "{% include_code a.rb %} {%- post_url b -%} [a]({{ site.url }}/a) `{{ code }}` {{</x>}}"
    )
    html = render_article(converted(markdown, Templates.LIQUID).markdown).html
    assert "{{&lt;figure src=" in html
    assert left_in(html) == {
        **dict.fromkeys(("figure", "youtube", "page.title", "include_code", "post_url", "site.url", "x"), 1),
        "notice": 2,
    }


def test_a_body_says_what_was_done_to_it() -> None:
    body = converted("{% comment %}x{% endcomment %}a\n{: .b}\n\n*c*{: .d}", Templates.LIQUID)
    assert body.notes == ("template comments left out (1)", "attributes applied or removed (2)")


def test_a_shortcode_that_is_shown_is_shown() -> None:
    markdown = "```\n{{</* figure src=x */>}}\n{{/* a comment */}}\n```\n{{%/* y */%}} {{</*z*/>}}"
    expected = "```\n{{< figure src=x >}}\n{{/* a comment */}}\n```\n{{% y %}} {{\\<z>}}"
    assert converted(markdown, Templates.HUGO).markdown == expected


def test_whose_template_code_it_is_decides() -> None:
    markdown = "{% comment %}x{% endcomment %}{{< comment >}}y{{< /comment >}}"
    assert converted(markdown, Templates.NONE).markdown == markdown
    assert converted(markdown, Templates.HUGO).markdown == "{% comment %}x{% endcomment %}"
    assert converted(markdown, Templates.LIQUID).markdown == ""


@pytest.mark.parametrize(
    "unit",
    [
        "{% raw %}{% endraw %}{% highlight x %}a{% endhighlight %}",
        "{{< highlight x >}}`a{{< /highlight >}}",
        "{{< highlight x >}}",
        "{{<",
        "~~~\n```\n",
        "` `` ``` ````\n",
        "{: .x .x .x .x",
        "){: a=b",
        "{::comment}\n",
        "* \n{:toc",
        "# a {.b .b .b",
        "{% codeblock a:b lang:x ",
    ],
)
def test_a_hostile_body_takes_no_longer_than_others(unit: str) -> None:
    text = unit * (BODY_MAX_LENGTH // len(unit))
    assert len(converted(text, Templates.LIQUID).markdown) <= BODY_MAX_LENGTH


def test_a_body_that_anchors_would_make_too_long_stays_as_it_is() -> None:
    text = "## a {#b}\n" * (BODY_MAX_LENGTH // 10)
    assert converted(text, Templates.LIQUID).markdown == text
