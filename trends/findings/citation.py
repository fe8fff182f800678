"""How is one finding of one edition cited?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from trends import escaping
from trends.findings.finding import Inputs
from trends.findings.ledger import Ledger
from trends.findings.wording import inputs_phrase, words


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
    lang : {"en", "ar"}
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
    said = record["said"][lang]
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
