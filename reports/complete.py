"""Quarto runs this after its pages: it adds the ledger and the pages made from it."""

import os

from trends.report.quarto import UNDER_TRENDS
from trends.report.rendering import complete

if "QUARTO_PROJECT_RENDER_ALL" in os.environ and UNDER_TRENDS not in os.environ:
    complete(".", os.environ["QUARTO_PROJECT_OUTPUT_DIR"])
