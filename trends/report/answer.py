"""How does the short answer look at the head of a page and on paper?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends import escaping
from trends.analysis.latent_rate import LatentRate
from trends.analysis.rate import RateComparison
from trends.figures.count_series import rates
from trends.figures.curve import small_curve
from trends.findings.answer import Answer, Line
from trends.findings.wording import mark, words
from trends.report.pictures import in_page_colours
from trends.report.provenance import Raw

#: What a small curve can be drawn of.
Course: TypeAlias = pd.DataFrame | LatentRate | RateComparison

#: On paper too a line begins with its arrow alone.
_ARROWS = (
    '::: {.content-visible when-format="typst"}\n```{=typst}\n'
    "#set list(marker: [], indent: 0pt, body-indent: 0pt)\n```\n:::"
)


def answer_block(answer: Answer, curves: Mapping[str, Course] | None = None) -> Raw:
    """Return the short answer as Markdown: a line for each place, then what it does not say.

    Parameters
    ----------
    answer : Answer
        What `short_answer` made.
    curves : mapping, optional
        By place, the count series, the rate behind several counters, or the comparison whose course
        is drawn small at the end of the line.

    Returns
    -------
    Raw
        Markdown for a page and for paper; the pictures are left out where a place has none.

    Raises
    ------
    ValueError
        If a curve is given for a place that the answer does not name.
    """
    drawn = dict(curves or {})
    known = [line.place.key for line in answer.lines]
    strange = [place for place in drawn if place not in known]
    if strange:
        raise ValueError(
            f"`curves` must name places of the answer ({', '.join(known)}), got {strange[0]!r}. "
            "Correct the name."
        )
    table = words(answer.lang)["answer"]
    lines = [f"- {_line(answer, line, drawn.get(line.place.key))}" for line in answer.lines]
    rest = []
    if answer.disagree:
        said = " ".join(claim.brief().markdown for claim in answer.disagree)
        rest.append(f"**{table['disagree']}** {said}")
    if answer.gaps:
        listed = table["gap_joiner"].join(claim.brief().markdown for claim in answer.gaps)
        rest.append(f"**{table['cannot']}** {table['gaps']}{listed}. {table['settle']}")
    elif all(line.claims for line in answer.lines):
        rest.append(f"**{table['cannot']}** {table['no_gaps']}")
    rest.append(mark(str(table["note"]), "definition"))
    blocks = ["\n".join(lines), *rest]
    return Raw("::: {.short-answer}\n" + "\n\n".join([_ARROWS, *blocks]) + "\n:::")


def _line(answer: Answer, line: Line, course: Course | None) -> str:
    """Return one place: the direction, its name, what is said of it, and its course drawn small."""
    table = words(answer.lang)["answer"]
    said = " ".join(phrase.markdown for phrase in answer.said(line))
    name = escaping.markdown(line.place.name(answer.lang))
    picture = "" if course is None else _picture(small_curve(_rates(course)), str(table["curve"]))
    mark_of = f"[{table[line.direction]}]{{.direction}}"
    return f"{mark_of} **{name}{table['place_end']}** {said}{picture}"


def _rates(course: Course) -> NDArray[np.float64]:
    """Return the rates of a course in order of time."""
    if isinstance(course, LatentRate):
        return np.asarray(course.interval(course.rate)[0], dtype=float)
    if isinstance(course, RateComparison):
        pair = [(one.start, one.count / one.days) for one in (course.second, course.first)]
        return np.array([rate for _, rate in sorted(pair, key=lambda each: str(each[0]))])
    return rates(course)


def _picture(svg: str, alt: str) -> str:
    """Return a picture that stands in a line of text, for a page and for paper."""
    if not svg:
        return ""
    page = in_page_colours(svg).replace("<svg ", '<svg class="curve" aria-hidden="true" ', 1)
    page = page.replace(' xmlns="http://www.w3.org/2000/svg"', "")
    paper = (
        f'#box(baseline: 20%, image(bytes({escaping.typst(svg)}), format: "svg", '
        f"height: 1.5em, alt: {escaping.typst(alt)}))"
    )
    return (
        f' [`{page}`{{=html}}]{{.content-visible when-format="html"}}'
        f'[`{paper}`{{=typst}}]{{.content-visible when-format="typst"}}'
    )
