"""What does a page say where its table no longer carries the question? What is missing, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes

from trends import escaping
from trends.figures import style
from trends.findings.wording import Phrase, mark, words


@dataclass(frozen=True)
class Missing:
    """What stands on a page in place of an answer and of its claims.

    Attributes
    ----------
    reason : str
        Why the question was refused, as the analysis says it.
    lang : {"en", "ar", "fr"}
        Language of the page.
    """

    reason: str
    lang: str

    def summary(self) -> Phrase:
        """Return that the question is not answered, and why."""
        said = str(words(self.lang)["missing"]["sentence"])
        reason = mark(self.reason, "definition", lang="en", dir="ltr")
        return Phrase(f"{said} {self.reason}", f"{said} {reason}")

    def headline(self) -> Phrase:
        """Return what stands above the place of the figure."""
        return Phrase(str(words(self.lang)["missing"]["figure"]))

    def plot(self, **_: Any) -> Axes:
        """Return axes that say that nothing is drawn, in place of a figure."""
        axes = style.new_axes(size=(style.WIDE[0], 0.6))
        axes.set_axis_off()
        said = str(words(self.lang)["missing"]["figure"])
        axes.text(
            0.5, 0.5, escaping.figure(said), ha="center", va="center", transform=axes.transAxes
        )
        # Who cannot see it hears the same, and not what the figure showed before.
        axes.figure.set_label(said)
        return axes
