"""What does every analysis return? Numbers, frozen, with their input and settings.

This module is the one seam between the rooms. Numbers are made in `trends.analysis`; `findings`,
`summary` and `plot` look up the module of the same name in `trends.findings` and `trends.figures`
when they are called, so that an analysis never imports words or drawing.
"""

from __future__ import annotations

import dataclasses
import html
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from trends.options import as_number
from trends.tables.spoken import Language
from trends.tables.typed import Day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from trends.findings.finding import Finding, Subject

#: Days, as one who names them writes them.
AnyDay = TypeVar("AnyDay", bound=Day)


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """Base of all results; subclasses add their numbers as fields and define `to_frame`.

    Notes
    -----
    Results compare by identity, because they hold arrays and frames.
    """

    def to_frame(self, *, alpha: float | None = None) -> pd.DataFrame:
        """Return one row per thing estimated, with its interval.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; that of the result by default.

        Returns
        -------
        DataFrame
            Columns as defined in `trends.glossary`.
        """
        raise NotImplementedError

    def to_markdown(self, *, alpha: float | None = None) -> str:
        r"""Return `to_frame` as a table in Markdown, with four significant digits.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; that of the result by default.

        Examples
        --------
        >>> import trends
        >>> print(trends.compare_rates("294 in 2024", "121 in 2023").to_markdown()[:29])
        | term | estimate | conf\_low
        """
        from trends.tables.written import to_markdown

        return to_markdown(self.to_frame(alpha=alpha))

    def to_latex(self, *, alpha: float | None = None) -> str:
        r"""Return `to_frame` as a LaTeX ``tabular``, with four significant digits.

        Parameters
        ----------
        alpha : float, optional
            One minus the level of the intervals; that of the result by default.

        Examples
        --------
        >>> import trends
        >>> print(trends.compare_rates("294 in 2024", "121 in 2023").to_latex()[:27])
        \begin{tabular}{lrrrrrrrrl}
        """
        from trends.tables.written import to_latex

        return to_latex(self.to_frame(alpha=alpha))

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """What `maketables.ETable` puts into a table of several results, a row a term."""
        from trends.tables.written import coefficients

        return coefficients(self.to_frame())

    @property
    def __maketables_depvar__(self) -> str:
        """What heads this result's column there: what the counts are a number of."""
        return self.counted

    def __maketables_stat__(self, key: str) -> object:
        """Return a number of the fit by its name in `glance`; nothing where there is none."""
        row = self.glance()
        return row[key].iloc[0] if key in row else None

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        """What stands below by itself: the numbers of events and periods, where there are any."""
        return [name for name in self.glance() if name.startswith("n_") or name == "conf_level"]

    def glance(self) -> pd.DataFrame:
        """Return one row that describes the whole fit.

        Returns
        -------
        DataFrame
            Every field of the result that is a single number, word or period.
        """
        fields = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if _is_scalar(getattr(self, field.name))
        }
        return pd.DataFrame([fields])

    @property
    def counted(self) -> str:
        """What the counts are a number of: events, people, targets or groups."""
        for field in dataclasses.fields(self):
            unit = _unit_of(getattr(self, field.name))
            if unit:
                return unit
        return "events"

    def findings(self, subject: Subject | None = None) -> list[Finding]:
        """Return the numbers worth saying, each with interval, method, inputs and grade.

        Parameters
        ----------
        subject : Subject, optional
            What the counts are about, in words; the default is the group that the counts are
            labelled with, or "the series".

        Returns
        -------
        list of Finding
            Each with the caveats that the counts themselves carry.
        """
        from trends.findings.about import informed, named_subject

        found: list[Finding] = self._words().findings(self, subject or named_subject(self))
        return informed(found, self)

    def summary(self, lang: Language = "en", *, subject: Subject | None = None) -> str:
        """Return sentences that read aloud, written from the same findings as a report.

        Parameters
        ----------
        lang : {"en", "ar", "fr"}
            Language of the sentences.
        subject : Subject, optional
            What the counts are about, in words.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If the language is neither English nor Arabic.
        """
        from trends.findings.wording import paragraph

        return paragraph(self._said(self.findings(subject)), lang)

    def plot(
        self,
        *,
        ax: Axes | None = None,
        lang: Language = "en",
        events: Mapping[AnyDay, str] | None = None,
    ) -> Axes:
        """Draw the result.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.
        lang : {"en", "ar", "fr"}
            Language of labels and legend.
        events : mapping of date to str, optional
            Known dates to mark beside what is drawn over time, without claiming that they caused
            anything; those outside its periods are left out.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If `events` are given for a result that is not drawn over time.
        """
        drawn: Axes = self._drawing().plot(self, ax=ax, lang=lang)
        if events is not None:
            importlib.import_module("trends.figures.known_dates").mark_dates(drawn, events)
        return drawn

    def cite(self) -> str:
        """Return what to cite beside this result: the software, the method and the counts.

        Returns
        -------
        str
            A line each. The method's references are those of the question's documentation; how the
            counts ask to be cited stands in the sidecar of their table.

        Examples
        --------
        >>> import trends
        >>> print(trends.detect_changepoints(trends.datasets.coal_disasters(), rng=1).cite()[-43:])
        66(1):191-193. doi:10.1093/biomet/66.1.191
        """
        from trends.findings.citation import cite_result

        return cite_result(self)

    def to_dict(self) -> dict[str, object]:
        """Return every field as plain Python values, ready for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def __repr__(self) -> str:
        """Return the class with its single-valued fields."""
        row = self.glance().iloc[0]
        shown = ", ".join(f"{name}={_short(value)}" for name, value in row.items())
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        """Return the summary above the table, for notebooks."""
        return f"<p>{html.escape(self.summary())}</p>{self.to_frame().to_html(index=False)}"

    def _grades(self, quantity: str) -> list[str | None]:
        """Return the grades of the findings about a quantity, in order."""
        return [finding.grade for finding in self.findings() if finding.quantity == quantity]

    def _said(self, found: list[Finding]) -> list[Finding]:
        """Return the findings that a summary says; all of them, unless a result says less."""
        return found

    def _module_name(self) -> str:
        """Return the name the analysis shares with its findings and figure modules."""
        return type(self).__module__.rpartition(".")[2]

    def _words(self) -> ModuleType:
        """Return the module that says what was found."""
        return importlib.import_module(f"trends.findings.{self._module_name()}")

    def _drawing(self) -> ModuleType:
        """Return the module that draws what was found."""
        return importlib.import_module(f"trends.figures.{self._module_name()}")


def check_alpha(alpha: float) -> None:
    """Raise unless `alpha` is one minus the level of an interval."""
    if not 0 < as_number(alpha) < 1:
        raise ValueError(f"`alpha` must be between 0 and 1, got {alpha!r}. Use 0.05 for 95%.")


def alpha_of(alpha: float | None, conf_level: float) -> float:
    """Return `alpha` as asked for, or the one behind a result's own level.

    Raises
    ------
    ValueError
        If `alpha` is not between 0 and 1.

    Examples
    --------
    >>> alpha_of(0.1, 0.95), round(alpha_of(None, 0.95), 9)
    (0.1, 0.05)
    """
    if alpha is None:
        return 1 - conf_level
    check_alpha(alpha)
    return alpha


def seed_of(rng: int | np.random.Generator | None) -> int:
    """Return the number from which all streams of random numbers are derived."""
    if isinstance(rng, int | np.integer):
        return int(rng)
    return int(np.random.default_rng(rng).integers(2**63))


def _unit_of(value: Any) -> str:
    """Return the one unit of a window, a count series or statements; "" where none is told."""
    # Imported here because most questions ask for no table of statements.
    from trends.tables.window import Window

    if isinstance(value, Window):
        return value.unit
    if not isinstance(value, pd.DataFrame):
        return ""
    if "counted" in value.attrs:
        return str(value.attrs["counted"])
    units = set(value["unit"]) if "unit" in value else set()
    return str(units.pop()) if len(units) == 1 else ""


def named_caveats(holds: Mapping[str, bool], about: Mapping[str, pd.Period]) -> tuple[str, ...]:
    """Return the keys of the caveats that hold, with the period that some are about.

    Examples
    --------
    >>> named_caveats({"late": True, "early": False}, {"late": pd.Period("2024-05", "M")})
    ('late:2024-05',)
    """
    from trends.tables.calendar import format_period

    return tuple(
        f"{key}:{format_period(about[key])}" if key in about else key
        for key, is_so in holds.items()
        if is_so
    )


def plain(value: Any) -> Any:
    """Return a value as plain Python: numbers, strings, lists and mappings.

    Examples
    --------
    >>> plain(np.array([1.5, np.nan]))
    [1.5, None]
    >>> plain(pd.Period("2024-05", "M"))
    '2024-05'
    """
    if isinstance(value, pd.DataFrame):
        return [plain(record) for record in value.reset_index().to_dict("records")]
    if isinstance(value, pd.Series):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | pd.Index | list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Result):
        return value.to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    """Return one value as int, float, str, bool or None; what is not finite becomes None."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, pd.Period):
        from trends.tables.calendar import format_period

        return format_period(value)
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, str | PurePath):
        return str(value)
    return repr(value)


def _is_scalar(value: Any) -> bool:
    """Whether a field belongs into the one-row overview."""
    return value is None or isinstance(
        value, str | bool | int | float | np.generic | pd.Period | pd.Timestamp
    )


def _short(value: Any) -> str:
    """Return a value as it stands in a repr."""
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
