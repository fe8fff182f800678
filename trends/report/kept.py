"""What stays on one line with a note's word or mark? The signs that touch it.

A browser may break a line on either side of a button, even between a word and its full stop, and a
word joiner does not hold it. So a bracket would end a line and a mark of a grade begin one.
"""

from __future__ import annotations

import re

#: A word joiner, signs that open, and marks of direction may stand before a button,
_BEFORE = "\u2060(\\[«“‘\u2066-\u2069"
#: and signs that close after it.
_AFTER = ")\\].,;:!?%»”’،؛؟\u2060\u2066-\u2069"
_NOTED = re.compile(
    rf"([{_BEFORE}]*)"
    r'(<button type="button" popovertarget="[^"]*"[^>]*>(?:(?!</button>).)*</button>'
    r"<span popover (?:(?!</span>).)*</span>)"
    rf"([{_AFTER}]*)",
    re.DOTALL,
)


def kept(html: str) -> str:
    """Return a page on which no line begins or ends between a note's button and what touches it.

    Examples
    --------
    >>> note = '<span popover id="a">Rate over rate</span>'
    >>> button = f'<button type="button" popovertarget="a">1.2</button>{note}'
    >>> kept(f"<p>A ratio ({button}).</p>")[:34]
    '<p>A ratio <span class="kept">(<bu'
    >>> kept(f"<p>A ratio of {button} here.</p>") == f"<p>A ratio of {button} here.</p>"
    True
    """
    return _NOTED.sub(_held, html)


def _held(found: re.Match[str]) -> str:
    """Return a button with the signs that touch it, in an element that is never broken."""
    before, noted, after = found.groups()
    return f'<span class="kept">{found[0]}</span>' if before or after else noted
