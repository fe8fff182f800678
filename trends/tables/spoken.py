"""In which languages may a sentence be asked for, as type checkers and shells are told?

`spoken.pyi` beside it says so of the languages that come with the package; `make manual` writes it.
"""

from typing import Literal

from trends.tables.languages import LANGUAGES

Language = Literal[LANGUAGES]
