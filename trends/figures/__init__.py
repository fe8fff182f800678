"""One figure per result, one theme; the only room that imports matplotlib.

Axis labels are words, so figures may read `trends.findings.wording`; nothing in findings draws.
"""
