"""Pages to site: Quarto or the built-in renderer, provenance, downloads.

What pages import stands here and in `trends`, and nowhere deeper. The names are listed in the stub
beside this file and loaded when they are first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
