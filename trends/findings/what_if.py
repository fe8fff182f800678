"""What would two totals say of the events, had another share of them been counted?

A count is events times the share of them that is counted. If that share changed between two
windows, the ratio of the events is the ratio of the counts over the ratio of the shares. Which it
was is not known, so each line is arithmetic under an assumption and carries no grade.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trends.findings.claims import Claim
from trends.findings.finding import Finding, Inputs
from trends.findings.ledger import Ledger

#: Changes of the counted share that are asked about: its value in the first window over the second.
SHARES: Mapping[str, float] = MappingProxyType(
    {"third_less": 2 / 3, "quarter_more": 1.25, "half_more": 1.5, "twice": 2.0}
)


def what_if(ledger: Ledger, ratio: Claim) -> dict[str, Claim]:
    """Return what a ratio of two counts says of the events under assumed changes of their share.

    Parameters
    ----------
    ledger : Ledger
        The page's ledger, which takes one finding for each assumption.
    ratio : Claim
        The ratio of a `RateComparison`, one counter over time: ``claims["ratio"]``.

    Returns
    -------
    dict of Claim
        By key of `SHARES`.

    Raises
    ------
    ValueError
        If the claim is no ratio of one counter's two windows.

    Examples
    --------
    >>> import trends
    >>> from trends.report import what_if
    >>> ledger = trends.Ledger()
    >>> rates = trends.compare_rates(
    ...     (294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31"), dispersion=1)
    >>> supposed = what_if(ledger, ledger.add(rates)["ratio"])
    >>> print(supposed["half_more"], "with interval", supposed["half_more"].interval())
    1.62 with interval 1.30 to 2.01
    """
    asked = ratio.finding
    if asked.question != "rate" or asked.quantity != "ratio":
        raise ValueError(
            f"`ratio` must be the ratio of one counter's two windows, got {asked.finding_id}. "
            "Give the claim `ratio` of two figures of one counter, the later one first."
        )
    return {key: ledger.keep(_supposed(asked, key, share)) for key, share in SHARES.items()}


def _supposed(asked: Finding, key: str, share: float) -> Finding:
    """Return the ratio of the events where the counted share changed by a factor."""
    return Finding(
        finding_id=f"{asked.subject.key}.rate.share-{key.replace('_', '-')}",
        question="rate",
        quantity="ratio_at_share",
        subject=asked.subject,
        estimate=asked.estimate / share,
        conf_low=asked.conf_low / share,
        conf_high=asked.conf_high / share,
        conf_level=asked.conf_level,
        unit=asked.unit,
        method="closed_form",
        settings={**asked.settings, "share": share},
        inputs=Inputs(records=asked.inputs.records),
        caveats=asked.caveats,
        sentence="rate_at_share",
        values={
            "share": share,
            "first_window": asked.values["first_window"],
            "second_window": asked.values["second_window"],
        },
    )
