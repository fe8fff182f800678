"""Quarto runs this after its pages: it adds the ledger and the pages made from it."""

import os

from trends.report import UNDER_TRENDS, complete

if "QUARTO_PROJECT_RENDER_ALL" in os.environ and UNDER_TRENDS not in os.environ:
    complete(".", os.environ["QUARTO_PROJECT_OUTPUT_DIR"])
