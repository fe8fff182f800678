"""What can readers look into by themselves? The counts behind a figure, and what may be supposed.

Both are whole without a script; with it a chart is drawn over the table, and of the suppositions
one is shown at a time. Nothing is estimated in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from trends.escaping import html as escape
from trends.escaping import markdown as escape_markdown
from trends.escaping import visible
from trends.findings.claims import Claim
from trends.findings.ledger import quoted
from trends.findings.wording import format_time, words
from trends.report.provenance import Raw
from trends.tables.series import check_series
from trends.tables.statements import figures_of_series


def explore_counts(series: Mapping[str, pd.DataFrame], *, lang: str = "en") -> Raw:
    """Return count series as a table by month that readers can look into.

    Parameters
    ----------
    series : mapping of str to count series
        Monthly counts by who counted what where.
    lang : {"en", "ar", "fr"}
        Language of headings and words.

    Returns
    -------
    Raw
        HTML, folded. A render brings a script to the page, which draws one series at a time, over
        the years that are chosen, and says the count of each month.

    Raises
    ------
    TypeError
        If one of them is no count series.
    ValueError
        If there is none, or one is not monthly.
    """
    if not series:
        raise ValueError("`series` must hold at least one count series, got none. Name one.")
    cells = {name: _cells(one, name, lang) for name, one in series.items()}
    first = min(month for column in cells.values() for month in column)
    last = max(month for column in cells.values() for month in column)
    table = words(lang)["explore"]
    told = "".join(f' data-{key}="{escape(table[key])}"' for key in ("source", "from", "to", "at"))
    heads = "".join(f'<th scope="col">{escape(visible(name))}</th>' for name in cells)
    rows = "\n".join(
        f'<tr data-month="{month}"><th scope="row">{escape(format_time(month, lang))}</th>'
        + "".join(column.get(month, "<td></td>") for column in cells.values())
        + "</tr>"
        for month in pd.period_range(first, last, freq="M")
    )
    return Raw(
        "````{=html}\n"
        f'<details class="explore"><summary>{escape(table["summary"])}</summary>\n'
        f'<div class="explore-view"{told} data-none="{escape(table["none"])}"></div>\n'
        f'<p>{escape(table["note"])}</p>\n<div class="table-scroll" tabindex="0" role="region" '
        f'aria-label="{escape(table["name"])}"><table data-quarto-disable-processing="true">\n'
        f'<thead><tr><th scope="col">{escape(table["month"])}</th>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></div></details>\n````"
    )


def _cells(series: pd.DataFrame, name: str, lang: str) -> dict[pd.Period, str]:
    """Return the cells of a series by month, from its first to its last count."""
    check_series(series, minimum=1)
    if str(series.index.freqstr) != "M":
        raise ValueError(
            f"`series` must be monthly, got {name!r} with periods of {series.index.freqstr}. "
            'Count by month: `freq="M"`.'
        )
    counted = series["count"].dropna()
    figures = figures_of_series(series)
    return {
        month: _cell(int(count), figures.loc[month] if month in figures.index else None, lang)
        for month, count in counted.items()
    }


def _cell(count: int, figure: pd.Series | None, lang: str) -> str:
    """Return a count as it was published."""
    flags = () if figure is None else figure["flags"]
    firm = next((flag for flag in flags if flag in words(lang)["quoted"]), None)
    said = quoted({"count": count, "qualifier": firm}, None, lang) if firm else str(count)
    number = "" if said == str(count) else f' data-n="{count}"'
    return f"<td{number}>{escape(said)}</td>"


def what_if_block(supposed: Mapping[str, Claim], *, lang: str = "en") -> Raw:
    """Return suppositions about what gets counted as a list of which readers choose one.

    Parameters
    ----------
    supposed : mapping of str to Claim
        What `what_if` returned.
    lang : {"en", "ar", "fr"}
        Language of the words.

    Returns
    -------
    Raw
        Markdown for a page and for paper, where all of them stand.
    """
    table = words(lang)["what_if"]
    lines = [
        f"- [**{escape_markdown(table[key])}**]{{.definition}} {claim.say().markdown}"
        for key, claim in supposed.items()
    ]
    return Raw("\n\n".join(["::: {.what-if}", table["ask"], "\n".join(lines), ":::"]))
