"""What do pages need beside the questions themselves? Tables, names, dates and figures in print."""

from trends.figures.changepoint import plot_penalty_path
from trends.figures.count_series import plot as plot_counts
from trends.figures.count_series import plot_panels
from trends.figures.diagnostics import plot_diagnostics
from trends.figures.forecast_claim import plot as plot_claims
from trends.figures.latent_rate import plot as plot_latent_rate
from trends.figures.season import plot_parts
from trends.figures.style import use_style
from trends.figures.tiles import plot_tiles
from trends.figures.windows import plot as plot_windows
from trends.figures.windows import plot_measures
from trends.findings.answer import short_answer
from trends.findings.listing import (
    caveat_listing,
    grade_listing,
    listing,
    monitor_listing,
    scatter_listing,
    verb_listing,
)
from trends.findings.terms import in_words, read_names, read_nouns, read_places
from trends.findings.what_if import what_if
from trends.report.answer import answer_block
from trends.report.explore import explore_counts, what_if_block
from trends.report.figure_rows import figures_table
from trends.report.known_events import known_events_table, read_known_events
from trends.report.table import Table
from trends.tables.calendar import DAYS_PER_MONTH
from trends.tables.definitions import known_breaks, read_definitions
from trends.tables.glossary import dictionary
from trends.tables.places import read_tile_grid
from trends.tables.provenance import provenance_table, read_provenance

__all__ = [
    "DAYS_PER_MONTH",
    "Table",
    "answer_block",
    "caveat_listing",
    "dictionary",
    "explore_counts",
    "figures_table",
    "grade_listing",
    "in_words",
    "known_breaks",
    "known_events_table",
    "listing",
    "monitor_listing",
    "plot_claims",
    "plot_counts",
    "plot_diagnostics",
    "plot_latent_rate",
    "plot_measures",
    "plot_panels",
    "plot_parts",
    "plot_penalty_path",
    "plot_tiles",
    "plot_windows",
    "provenance_table",
    "read_definitions",
    "read_known_events",
    "read_names",
    "read_nouns",
    "read_places",
    "read_provenance",
    "read_tile_grid",
    "scatter_listing",
    "short_answer",
    "use_style",
    "verb_listing",
    "what_if",
    "what_if_block",
]
