"""What does a page hold in hand when it says a finding?"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from trends.findings import wording
from trends.findings.finding import Finding
from trends.findings.wording import Phrase


class Claim:
    """One finding in the page's language; printed on its own it is its number.

    Attributes
    ----------
    finding : Finding
        The number with all that stands behind it.
    lang : str
        Language in which it is said unless another is asked for.
    """

    def __init__(
        self, finding: Finding, lang: str, survives: Callable[[Finding], bool] = lambda _: True
    ) -> None:
        self.finding = finding
        self.lang = lang
        # Asked for when the claim is said, not when it is made: later tests count as well.
        self._survives = survives

    def number(self, lang: str | None = None) -> Phrase:
        """Return the estimate as it is printed."""
        return wording.number(self.finding, lang or self.lang)

    def interval(self, lang: str | None = None) -> Phrase:
        """Return the interval as it is printed."""
        return wording.interval(self.finding, lang or self.lang)

    def verb(self, lang: str | None = None) -> Phrase:
        """Return the verb that the finding's interval licenses."""
        return wording.verb(self.finding, lang or self.lang)

    def say(self, lang: str | None = None) -> Phrase:
        """Return the finding as a sentence, and say so when it does not survive adjustment."""
        return self._warned(wording.say(self.finding, lang or self.lang), lang)

    def brief(self, lang: str | None = None) -> Phrase:
        """Return the finding in few words, for a place that has been named already."""
        return self._warned(wording.brief(self.finding, lang or self.lang), lang)

    def headline(self, lang: str | None = None) -> Phrase:
        """Return what a figure of the finding shows, as its headline."""
        return self._warned(wording.headline(self.finding, lang or self.lang), lang)

    def _warned(self, said: Phrase, lang: str | None) -> Phrase:
        """Return what is said, with a caveat when it does not survive the number of tests."""
        if self._survives(self.finding):
            return said
        note = wording.caveat("many_tests", lang or self.lang)
        return Phrase(f"{said} {note}", f"{said.markdown} {note.markdown}")

    @property
    def direction(self) -> str:
        """Which way the rate went: up, down, level, or unclear."""
        return wording.direction(self.finding)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the finding: estimate, conf_low, grade and so on."""
        if name.startswith("_") or name == "finding":
            raise AttributeError(name)
        return getattr(self.finding, name)

    def __str__(self) -> str:
        """Return the number as plain text."""
        return str(self.number())

    def __repr__(self) -> str:
        """Return the id with the number."""
        return f"Claim({self.finding.finding_id}: {self})"

    def _repr_markdown_(self) -> str:
        return self.number().markdown


class Claims(dict[str, Claim]):
    """The findings of one result by their short names, in the page's language.

    Examples
    --------
    >>> import trends
    >>> comparison = trends.compare_rates((294, 366), (121, 365))
    >>> claims = trends.Ledger().add(comparison, trends.Subject.generic())
    >>> list(claims), str(claims["ratio"])
    (['ratio', 'visible', 'tipping'], '2.42')
    """

    def __init__(self, claims: Iterable[tuple[str, Claim]], lang: str) -> None:
        super().__init__(claims)
        self.lang = lang

    def __missing__(self, name: str) -> Claim:
        """Raise an error that lists the names there are."""
        raise KeyError(
            f"`name` must be one of {', '.join(self)}, got {name!r}."
            + nearest(name, self)
            + " Correct the name on the page."
        )

    def summary(self, lang: str | None = None) -> Phrase:
        """Return the sentences of all findings and their caveats as one paragraph."""
        return _joined([self.say(lang=lang), self.caveats(lang)])

    def say(self, *names: str, lang: str | None = None) -> Phrase:
        """Return the sentences of some findings, or of all, for a paragraph of their own.

        Parameters
        ----------
        *names : str
            Short names of findings; all by default.
        lang : {"en", "ar", "fr"}, optional
            Language; that of the page by default.

        Returns
        -------
        Phrase
            Without caveats: `caveats` says them where the last of such paragraphs ends.

        Raises
        ------
        KeyError
            If a name is unknown; the names there are stand in the error.

        Examples
        --------
        >>> import trends
        >>> comparison = trends.compare_rates((294, 366), (121, 365))
        >>> claims = trends.Ledger().add(comparison, trends.Subject.generic())
        >>> said = [claims[name].say() for name in ("ratio", "visible")]
        >>> claims.say("ratio", "visible") == " ".join(said)
        True
        """
        chosen = [self[name] for name in names] if names else self.values()
        return _joined(claim.say(lang) for claim in chosen if claim.finding.sentence)

    def caveats(self, lang: str | None = None) -> Phrase:
        """Return what has to be known beside the sentences of the findings; may be empty.

        Examples
        --------
        >>> import trends
        >>> comparison = trends.compare_rates("2000 in 2024", "1000 in 2023", dispersion=1)
        >>> claims = trends.Ledger().add(comparison)
        >>> claims.summary() == f"{claims.say()} {claims.caveats()}".strip()
        True
        """
        found = [claim.finding for claim in self.values()]
        return _joined(wording.caveats(found, lang or self.lang))

    def headline(self, lang: str | None = None) -> Phrase:
        """Return what a figure of the result shows: the first finding that has a headline.

        Where none has one the first sentence stands for it.

        Examples
        --------
        >>> import trends
        >>> comparison = trends.compare_rates("2000 in 2024", "1000 in 2023", dispersion=1)
        >>> str(trends.Ledger().add(comparison).headline())
        'The series: the rate in 2024, set beside that in 2023, roughly doubled.'
        """
        lang = lang or self.lang
        said = [claim for claim in self.values() if claim.finding.sentence]
        known = [one for one in said if one.finding.sentence in wording.words(lang)["headline"]]
        return next((claim.headline(lang) for claim in [*known, *said]), Phrase(""))

    def graded(self, table: pd.DataFrame, quantity: str) -> pd.DataFrame:
        """Return the table of a result with the grades that the ledger keeps of it.

        A result grades its table by itself; what is said of a series that has been described is
        graded under its description.

        Parameters
        ----------
        table : DataFrame with a column grade
            Row per finding about the quantity.
        quantity : str
            As the findings name it: "ratio" of shifts.

        Returns
        -------
        DataFrame
            No grade where the description lets the findings say something else.

        Examples
        --------
        >>> import trends
        >>> breaks = trends.detect_changepoints(trends.datasets.coal_disasters(), rng=1)
        >>> claims = trends.Ledger().add(breaks)
        >>> claims.graded(breaks.to_frame(), "ratio")["grade"].tolist()
        ['C']
        """
        grades = [one.finding.grade for one in self.values() if one.finding.quantity == quantity]
        return table.assign(grade=grades if len(grades) == len(table) else None)

    def _repr_markdown_(self) -> str:
        return self.summary().markdown


def _joined(parts: Iterable[Phrase]) -> Phrase:
    """Return sentences one after the other; empty ones leave no space."""
    said = [part for part in parts if part]
    return Phrase(" ".join(said), " ".join(part.markdown for part in said))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the known names most like one that is not known; "" when none is."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(close)}?" if close else ""
