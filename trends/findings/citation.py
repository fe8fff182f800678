"""How is one finding of one edition cited?"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pandas as pd

from trends import __version__, escaping
from trends.analysis.result import Result
from trends.findings.finding import Inputs
from trends.findings.inputs import sources
from trends.findings.ledger import Ledger
from trends.findings.wording import inputs_phrase, words
from trends.parts import DISTRIBUTION
from trends.tables.languages import in_language


@dataclass(frozen=True, kw_only=True)
class Citation:
    """A citation in words and as BibTeX; as a string it is both.

    Attributes
    ----------
    text : str
        One paragraph.
    bibtex : str
        One entry of type misc.
    """

    text: str
    bibtex: str

    def __str__(self) -> str:
        """Return the words, then the BibTeX entry."""
        return f"{self.text}\n\n{self.bibtex}"


def cite(ledger: Ledger, finding_id: str, *, lang: str = "en") -> Citation:
    """Return the citation of one finding.

    Parameters
    ----------
    ledger : Ledger
        The edition's ledger, as `read_ledger` returns it.
    finding_id : str
        Which finding, as the report shows it.
    lang : {"en", "ar", "fr"}
        Language of the words.

    Returns
    -------
    Citation

    Raises
    ------
    ValueError
        If the ledger has no such finding; the message names the nearest ids.

    Examples
    --------
    >>> import trends
    >>> ledger = trends.Ledger()
    >>> subject = trends.Subject(key="claims", en="Claims", ar="ما أُعلن")
    >>> claims = ledger.add(trends.compare_rates((294, 366), (121, 365)), subject)
    >>> print(cite(ledger, "claims.rate.ratio").bibtex.splitlines()[0])
    @misc{claims-rate-ratio,
    """
    record = ledger.finding(finding_id)
    edition = ledger.edition
    said = in_language(record["said"], lang)
    title = edition.get("title") or "Trends"
    date = edition.get("date", "")
    url = _address(edition.get("url", ""), record.get("pages", []), finding_id)
    author = edition.get("author", "")
    table = words(lang)["cite"]
    inputs = inputs_phrase(Inputs(**record["inputs"]), lang)
    text = table["text"].format(
        author=f"{author}. " if author else "",
        title=title if title.endswith(("?", "!", ".", "؟")) else f"{title}.",
        finding_id=finding_id,
        sentence=said["sentence"] or said["explain"],
        edition=_edition(edition, lang),
        version=ledger.made_with["version"],
        inputs=table["from"].format(inputs=inputs) if inputs else "",
        url=f" {url}" if url else "",
    )
    fields = {
        "author": f"{{{escaping.bibtex(author)}}}" if author else "",
        "title": f"{escaping.bibtex(title)}: finding {escaping.bibtex(finding_id)}",
        "year": date[:4],
        "note": f"{escaping.bibtex(said['sentence'] or said['explain'])} "
        f"{escaping.bibtex(_edition(edition, 'en'))}, trends {ledger.made_with['version']}, "
        f"ledger {ledger.digest()[:12]}",
        "url": quote(url, safe=":/?#[]@!$&'()*+,;=%~"),
    }
    lines = [f"  {name} = {{{entry}}}," for name, entry in fields.items() if entry]
    key = re.sub(r"[^A-Za-z0-9]+", "-", finding_id) + (f"-{date}" if date else "")
    return Citation(text=text, bibtex="\n".join([f"@misc{{{key},", *lines, "}"]))


def cite_result(result: Result) -> str:
    """Return what to cite beside a result, a line each.

    Parameters
    ----------
    result : Result
        Any result; a panel is cited with the question it asked.

    Returns
    -------
    str
        The software, the references of the method, and those of the counts.
    """
    software = (
        f"Software: The trends authors. trends: trend analysis of event counts, version "
        f"{__version__} ({DISTRIBUTION})."
    )
    inner = [one for one in getattr(result, "results", {}).values() if isinstance(one, Result)]
    methods = [f"Method: {one}" for part in [result, *inner[:1]] for one in _references(type(part))]
    frames = (found for found in sources(result) if isinstance(found, pd.DataFrame))
    counts = [f"Data: {cited}" for frame in frames if (cited := frame.attrs.get("citation"))]
    return "\n".join(dict.fromkeys([software, *methods, *counts]))


def _references(kind: type[Result]) -> list[str]:
    """Return the references in the documentation of the questions that answer with a result."""
    module = sys.modules[kind.__module__]
    asks = [
        one
        for name, one in vars(module).items()
        if not name.startswith("_")
        and inspect.isfunction(one)
        and one.__module__ == module.__name__
        and one.__annotations__.get("return") == kind.__name__
    ]
    found: list[str] = []
    for ask in asks:
        _, title, after = (inspect.getdoc(ask) or "").partition("References\n----------\n")
        body = re.split(r"^\w+\n-+$", after, maxsplit=1, flags=re.MULTILINE)[0] if title else ""
        found += [" ".join(one.split()) for one in body.split("\n\n") if one.strip()]
    return found


def _edition(edition: Mapping[str, str], lang: str) -> str:
    """Return the date of an edition and what dated it."""
    table, date, source = words(lang)["cite"], edition.get("date"), edition.get("dated_by")
    if not date:
        return str(table["undated"])
    return str(table["dated_by" if source else "edition"]).format(date=date, source=source)


def _address(site: str, pages: list[str], finding_id: str) -> str:
    """Return the address of the finding's entry in the list of findings."""
    if not site:
        return ""
    folder = pages[0].rpartition("/")[0] if pages else ""
    place = f"{folder}/findings.html" if folder else "findings.html"
    return f"{site.rstrip('/')}/{place}#{finding_id}"
