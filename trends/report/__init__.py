"""Pages to site: Quarto or the built-in renderer, provenance, downloads."""

from trends.report.errors import RenderError
from trends.report.rendering import Rendered, render

__all__ = ["RenderError", "Rendered", "render"]
