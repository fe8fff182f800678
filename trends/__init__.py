"""Trend analysis of event counts, and reports whose every verb is earned.

Event-count tables and published count statements come in through `trends.tables`, questions are
asked of them in `trends.analysis` with the numbers of `trends.models`, the answers become graded
findings in `trends.findings`, pictures in `trends.figures` and pages in `trends.report`. The public
names are listed in the stub beside this file and loaded when they are first used, so that importing
the package stays cheap.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
