"""Does the Markdown twin of a page say all that the page says to its readers, and no more?"""

from trends.report import render
from trends.report.twins import twin

PAGE = """\
<html><head><title>T</title></head><body><nav>Elsewhere</nav>
<main id="main"><h1>Up*?</h1>
<p>The rate <button class="finding">rose</button> <button class="finding-mark">B</button><span
class="finding-note">Not said</span>&#8288; by <em>half</em>, see
<a href="x.html#y">the_page</a>, <a href="#sec-a">above</a>.</p>
<figure><svg role="img" aria-label="A line that climbs."><text>axis</text></svg>
<figcaption>Figure 1: Counts.</figcaption></figure>
<ul><li>One<ul><li>Inner</li></ul></li><li><p>Two</p><p>More</p></li></ul>
<table><caption>Table 1</caption><thead><tr><th>A</th><th>B|C</th></tr></thead>
<tbody><tr><td>1</td><td><code>a_b</code></td></tr></tbody></table>
<pre><code>x = 1
y_z</code></pre><blockquote><p>Said.</p></blockquote>
<p><math><semantics><mi>x</mi><annotation>x^2</annotation></semantics></math></p>
<details><summary>More</summary><p>Inside.</p></details><button>Save</button>
<script>never()</script></main></body></html>
"""
TWIN = """\
# Up\\*?

The rate rose by *half*, see [the\\_page](x.html#y), above.

(*A line that climbs.*)

Figure 1: Counts.

- One

  - Inner
- Two

  More

Table 1

| A | B\\|C |
| --- | --- |
| 1 | `a_b` |

```
x = 1
y_z
```

> Said.

$x^2$

**More**

Inside.
"""


def test_a_twin_says_what_the_page_says_in_its_order():
    assert twin(PAGE) == TWIN


def test_a_table_without_headings_is_still_a_table():
    assert twin("<main><table><tr><td>1</td><td>2</td></tr></table></main>") == (
        "|  |  |\n| --- | --- |\n| 1 | 2 |\n"
    )


def test_each_page_has_a_twin_that_it_names_and_the_list_holds_all(counting_page):
    site = render(counting_page(294), engine="builtin", formats=["html"]).site
    pages = sorted(path for path in site.rglob("*.html") if path.name != "index.html")
    assert pages
    listed = (site / "llms.txt").read_text(encoding="utf-8")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert f'<link rel="alternate" type="text/markdown" href="{page.stem}.md">' in text
        assert f"({page.stem}.md)" in listed
        assert page.with_suffix(".md").read_text(encoding="utf-8").startswith("# ")
    assert "- [findings.json](findings.json): " in listed


def test_of_a_long_table_a_twin_has_the_first_rows_and_says_how_many_there_are():
    rows = "".join(f"<tr><td>{n}</td></tr>" for n in range(61))
    table = f"<main><table><thead><tr><th>N</th></tr></thead><tbody>{rows}</tbody></table></main>"
    made = twin(table, of="{n} من {all}").splitlines()
    assert made[:3] == ["| N |", "| --- |", "| 0 |"]
    assert made[21:] == ["| 19 |", "", "(20 من 61)"]
    # one row less is no long table
    whole = twin(table.replace("<tr><td>60</td></tr>", ""))
    assert whole.splitlines()[-1] == "| 59 |"


def test_of_the_list_of_findings_a_twin_has_the_sentences_with_their_names():
    entry = (
        '<main><div class="finding-entry" id="a.b"><p><strong>It rose.</strong></p>'
        "<p>Rate ratio 2.42; exact conditional; grade B</p>"
        '<p><code>a.b</code> · Said on <a href="x.html">X</a></p></div></main>'
    )
    assert twin(entry) == "**It rose.** `a.b`\n"
