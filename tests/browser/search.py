"""How is a page searched in a browser? Each step ends when the page has done it."""

from __future__ import annotations

import json

from .chromium import Browser


def open_search(browser: Browser) -> None:
    """Open the search by its key and wait for its index."""
    browser.press("/", 191, "/")
    browser.ask(
        "(async () => { while (!document.querySelector('.search-keys')?.textContent)"
        " await new Promise(done => setTimeout(done, 10)); })()"
    )


def search(browser: Browser, asked: str) -> None:
    """Type a text into the open search and wait until it says what it found."""
    browser.ask(
        "(async () => { const told = new Promise(done => new MutationObserver((_, seen) => {"
        " seen.disconnect(); done(); }).observe("
        "document.querySelector('.search [role=status]'), {childList: true}));"
        "const field = document.querySelector('.search input');"
        f"field.value = {json.dumps(asked)}; field.dispatchEvent(new Event('input'));"
        "await told; })()"
    )
