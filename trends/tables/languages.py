"""In which languages are findings said? In those that have a file of words."""

from __future__ import annotations

from importlib.resources import files

#: The languages in which every name and sentence is kept, whatever language a page is in.
KEPT = ("en", "ar")


def _further() -> tuple[str, ...]:
    """Return the languages that have a file of words beside those two: `words/xx.toml`."""
    names = (file.name for file in files("trends.findings").joinpath("words").iterdir())
    stems = {name.removesuffix(".toml") for name in names if name.endswith(".toml")}
    return tuple(sorted(stem for stem in stems if len(stem) == 2 and stem not in KEPT))


#: All languages; a file `xx.toml` in `trends/findings/words` makes one more.
LANGUAGES = (*KEPT, *_further())
