"""Pages and a ledger to hold words against."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import trends
from trends.findings.claims import Claims
from trends.findings.finding import Noun, Subject

ATTACK = Noun(
    en_one="attack",
    en_many="attacks",
    ar_one="هجوم",
    ar_two="هجومان",
    ar_few="هجمات",
    ar_many="هجومًا",
)

#: Figures of 2024 and of 2023 that earn each verb.
FIGURES = {
    "rose": (294, 121),
    "doubled": (2000, 1000),
    "tripled": (900, 200),
    "fell": (70, 100),
    "halved": (500, 1000),
    "unclear": (100, 110),
    "little": (1000, 1010),
}


def _ledger(lang: str = "en") -> tuple[trends.Ledger, dict[str, Claims]]:
    """Return a ledger with one comparison per verb, and one of two places, with their claims."""
    kept = trends.Ledger(lang=lang)
    claims = {
        name: kept.add(
            trends.compare_rates(
                (first, "2024-01-01", "2024-12-31"),
                (second, "2023-01-01", "2023-12-31"),
                dispersion=1,
            ),
            Subject(key=name, en="Attacks", ar="الهجمات", noun=ATTACK),
        )
        for name, (first, second) in FIGURES.items()
    }
    claims["between"] = kept.add(
        trends.compare_rates((300, 365), (100, 365), dispersion=1),
        Subject(key="between", en="Attacks", ar="الهجمات", noun=ATTACK),
    )
    # The days and months that good sentences may name.
    kept.statement(
        {
            "statement_id": "dated", "count_low": None, "count": 5, "count_high": None,
            "qualifier": "exact", "window_start": "2013-01-01", "window_end": "2020-12-31",
            "window_basis": "stated", "counted_by": "A monitor", "published_by": None, "url": None,
            "note": "2024-05-19; 2025-09-03; 2025-05; 2024-06-03; 2024-11",
        }
    )  # fmt: skip
    return kept, claims


def _span(phrase: object, kind: str, key: str) -> str:
    """Return words as the renderers mark them."""
    if kind == "sentence":
        return f'<span class="sentence" data-key="{key}">{phrase}</span>'
    return f'<button type="button" class="{kind}" data-key="{key}">{phrase}</button>'


def _page(folder: Path, kept: trends.Ledger, body: str, *, lang: str = "en") -> Path:
    """Write a rendered page that carries a ledger."""
    path = folder / "page.html"
    direction = "rtl" if lang == "ar" else "ltr"
    path.write_text(
        f'<!DOCTYPE html>\n<html lang="{lang}" dir="{direction}">\n'
        "<head><title>5 t</title></head>\n"
        f"<body><nav>Page 7 rose</nav><main>\n{body}\n{kept.page_block().to_html()}\n"
        "</main></body></html>",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def pages() -> SimpleNamespace:
    """Return what makes ledgers, marks and pages."""
    return SimpleNamespace(ledger=_ledger, span=_span, page=_page)
