from .analysis.changepoint import Changepoints as Changepoints
from .analysis.changepoint import detect_changepoints as detect_changepoints
from .analysis.contradiction import Contradictions as Contradictions
from .analysis.contradiction import find_contradictions as find_contradictions
from .analysis.figure_rate import FigureRate as FigureRate
from .analysis.figure_rate import figure_rate as figure_rate
from .analysis.joinpoint import Joinpoints as Joinpoints
from .analysis.joinpoint import fit_joinpoints as fit_joinpoints
from .analysis.power import DetectableChange as DetectableChange
from .analysis.power import detectable_change as detectable_change
from .analysis.rate import RateComparison as RateComparison
from .analysis.rate import compare_rates as compare_rates
from .analysis.trend import Trend as Trend
from .analysis.trend import estimate_trend as estimate_trend
from .findings.finding import Finding as Finding
from .findings.finding import Subject as Subject
from .findings.ledger import Ledger as Ledger
from .tables.counts import read_counts as read_counts
from .tables.glossary import glossary as glossary
from .tables.series import as_series as as_series
from .tables.series import series as series
from .tables.statements import read_statements as read_statements
from .tables.statements import statement_series as statement_series

__version__: str
