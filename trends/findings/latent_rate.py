"""Which numbers of a latent rate are worth saying?"""

from __future__ import annotations

import math

from trends.analysis.latent_rate import LEAST_FREE, LEAST_TOLD, LatentRate
from trends.findings.finding import Finding, Inputs, Subject


def findings(result: LatentRate, subject: Subject) -> list[Finding]:
    """Return the rate at the end, its changes from turn to turn, the multipliers and the fit."""
    changes = [_change(result, subject, leg) for leg in range(len(result.legs))]
    return [_last(result, subject), *changes, *_multipliers(result, subject), _fit(result, subject)]


def _settings(result: LatentRate) -> dict[str, object]:
    """Return the choices that shaped the fit."""
    return {
        "select": result.select,
        "smoothing": result.smoothing,
        "minimums": result.minimums,
        "freq": result.freq,
        "reference": result.sources[0],
        "dispersion": result.dispersion,
        "n_effective": result.n_effective,
        "jump_weight": result.jump_weight,
        "drift_p_value": result.drift_p_value,
    }


def _used(result: LatentRate, source: str | None = None) -> Inputs:
    """Return the figures that were fitted; those of one source if one is named."""
    used = result.used if source is None else result.used[result.used["source"] == source]
    return Inputs(records=tuple(used["statement_id"]))


def _last(result: LatentRate, subject: Subject) -> Finding:
    """Return the rate in the last period."""
    estimate, low, high = (float(each[-1]) for each in result.interval(result.rate))
    return Finding(
        finding_id=f"{subject.key}.latent_rate.last",
        question="latent_rate",
        quantity="rate",
        subject=subject,
        estimate=float(estimate),
        conf_low=float(low),
        conf_high=float(high),
        conf_level=result.conf_level,
        unit="per_month",
        method="composite_link",
        settings=_settings(result),
        inputs=_used(result),
        caveats=result.caveats,
        graded_by="latent_rate",
        sentence="latent_rate_last" if result.n_sources > 1 else "latent_rate_last_single",
        values={
            "width": float(high / low),
            "n_free": result.n_free,
            "last": result.periods[-1],
            "n_statements": result.n_statements,
            "n_sources": result.n_sources,
            "reference": result.sources[0],
        },
    )


def _change(result: LatentRate, subject: Subject, leg: int) -> Finding:
    """Return the rate at the end of a leg over that at its start; unknown where none is told."""
    estimate, low, high = (float(each[leg]) for each in result.interval(result.change))
    few, smooth = result.n_free < LEAST_FREE, result.told[leg] < LEAST_TOLD
    if few or smooth:
        estimate, low, high = math.nan, 0.0, math.inf
    first, last = (result.periods[place] for place in result.legs[leg])
    turned = len(result.legs) > 1
    is_last = leg == len(result.legs) - 1
    name = "change" if is_last else f"leg-{leg + 1}"
    told = "latent_rate_change" if is_last else "latent_rate_leg"
    unsaid = "latent_rate_few" if few else "latent_rate_smooth"
    return Finding(
        finding_id=f"{subject.key}.latent_rate.{name}",
        question="latent_rate",
        quantity="ratio",
        subject=subject,
        estimate=estimate,
        conf_low=low,
        conf_high=high,
        conf_level=result.conf_level,
        unit="ratio",
        method="composite_link",
        settings=_settings(result),
        inputs=_used(result),
        caveats=(*result.caveats, *(("found_by_searching",) if turned else ())),
        searched=turned,
        graded_by="latent_rate_change",
        sentence=unsaid if few or smooth else told,
        values={
            "width": high / low if low else math.inf,
            "n_free": result.n_free,
            "first": first,
            "last": last,
            "n_sources": result.n_sources,
            "visible": result.visible_change,
        },
    )


def _multipliers(result: LatentRate, subject: Subject) -> list[Finding]:
    """Return what each source counts over what the reference counts."""
    made = result.interval(result.multiplier)
    rows = list(zip(result.sources, *made, strict=True))[1:]
    return [
        Finding(
            finding_id=f"{subject.key}.latent_rate.multiplier-{number}",
            question="latent_rate",
            quantity="multiplier",
            subject=subject,
            estimate=float(estimate),
            conf_low=float(low),
            conf_high=float(high),
            conf_level=result.conf_level,
            unit="ratio",
            method="composite_link",
            settings=_settings(result),
            inputs=_used(result, source),
            caveats=result.caveats,
            graded_by="latent_rate",
            sentence="latent_rate_multiplier",
            values={
                "width": float(high / low),
                "n_free": result.n_free,
                "counter": source,
                "reference": result.sources[0],
            },
        )
        for number, (source, estimate, low, high) in enumerate(rows, start=1)
    ]


def _fit(result: LatentRate, subject: Subject) -> Finding:
    """Return how much the figures scatter about the rate, how it was smoothed, what is left out."""
    return Finding(
        finding_id=f"{subject.key}.latent_rate.dispersion",
        question="latent_rate",
        quantity="dispersion",
        subject=subject,
        estimate=result.dispersion,
        conf_level=result.conf_level,
        unit="ratio",
        method="composite_link",
        settings=_settings(result),
        inputs=_used(result),
        graded_by="latent_rate_fit",
        sentence="latent_rate_fit" if result.n_unused else "latent_rate_fit_complete",
        values={
            "smoothing_choice": result.select,
            "n_effective": result.n_effective,
            "smoothing": result.smoothing,
            "n_unused": result.n_unused,
        },
    )
