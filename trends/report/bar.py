"""What does every page say of the edition it belongs to, to readers and to search engines?"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import trends
from trends.escaping import html as escape
from trends.report.build import Build, authors
from trends.report.markup import terms_of
from trends.report.navigation import Place, output_name, website
from trends.report.package import CRATE
from trends.report.provenance import day_in_words
from trends.report.twins import twin_name


def edition_bar(build: Build, place: Place, metadata: dict[str, Any]) -> str:
    """Return the line under a page's title: edition, data, papers, citation, licence, changes.

    What a project does not declare is left out: nothing is invented.
    """
    terms = terms_of(place.lang)
    newest = build.data_to
    parts = [escape(build.edition.words(place.lang))]
    if newest:
        said = escape(day_in_words(date.fromisoformat(newest), place.lang))
        day = f'<time datetime="{newest}">{said}</time>'
        parts.append(f"{escape(terms['data-to'])} {day}")
    parts.append(escape(f"trends {trends.__version__}"))
    parts += [
        f'<a href="{escape(place.href(name))}" type="application/pdf">{escape(text)}</a>'
        for name, text in _papers(build, place, terms)
    ]
    if build.previous is not None:
        changes = place.href(f"/{output_name(_beside(place.home, 'changes.qmd'))}")
        parts.append(f'<a href="{escape(changes)}">{escape(terms["changes-title"])}</a>')
    else:
        parts.append(escape(terms["changes-none"]))
    declared = build.declared
    if declared.get("license"):
        parts.append(escape(f"{terms['licence']} {_listed(declared['license'])}"))
    parts += [
        f'<a href="mailto:{escape(address)}">{escape(terms["contact"])}</a>'
        for address in _contacts(declared)
    ]
    cited = escape(citation(build, place, metadata))
    parts.append(
        f"<details><summary>{escape(terms['cite'])}</summary><cite>{cited}</cite></details>"
    )
    items = "".join(f"<li>{part}</li>" for part in parts)
    return (
        f'<aside class="edition-bar" id="edition" aria-label="{escape(terms["this-edition"])}">'
        f"<ul>{items}</ul></aside>"
    )


def head(build: Build, place: Place, metadata: dict[str, Any]) -> str:
    """Return what search engines and citation managers read in the head of a page."""
    title = str(metadata["title"])
    site = website(place, metadata)
    twin = twin_name(place.page.name)
    written = _authors(build, metadata)
    published = build.edition.iso
    tags = [("citation_title", title), ("citation_language", place.lang)]
    tags += [("citation_author", author) for author in written]
    tags += [("citation_publication_date", published.replace("-", "/"))] if published else []
    about: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Report",
        "name": title,
        "inLanguage": place.lang,
        "isPartOf": {"@type": "WebSite", "name": str(site.get("title", ""))},
        "version": trends.__version__,
    }
    said = str(metadata.get("description") or metadata.get("subtitle") or "")
    if said:
        about["description"] = said
    if written:
        about["author"] = [{"@type": "Organization", "name": author} for author in written]
    if published:
        about["datePublished"] = published
    licence = build.declared.get("license")
    if licence:
        about["license"] = _listed(licence)
    made = [f'<meta name="{name}" content="{escape(value)}">' for name, value in tags]
    if said and not metadata.get("description"):
        # A description of its own stands in the page already, whichever engine wrote it.
        made.append(f'<meta name="description" content="{escape(said)}">')
    address = _address(site, output_name(place.page.name))
    if address:
        about["url"] = address
        papers = [name for name, _ in _papers(build, place, terms_of(place.lang))]
        made += [
            f'<meta name="citation_public_url" content="{escape(address)}">',
            f'<link rel="canonical" href="{escape(address)}">',
            *(
                f'<meta name="citation_pdf_url" content="{escape(paper)}">'
                for paper in (_address(site, place.output(name)) for name in papers[:1])
            ),
            *(
                f'<meta property="og:{name}" content="{escape(value)}">'
                for name, value in (
                    ("title", title),
                    *([("description", said)] if said else []),
                    ("type", "article"),
                    ("url", address),
                    ("site_name", str(site.get("title", ""))),
                    ("locale", place.lang),
                )
            ),
        ]
    made += [
        f'<link rel="alternate" type="text/markdown" href="{escape(place.href(f"/{twin}"))}">',
        f'<link rel="describedby" type="application/ld+json" href="{place.href(f"/{CRATE}")}">',
    ]
    # Within a script element nothing is escaped, and nothing may look like its end.
    written_out = json.dumps(about, ensure_ascii=False).replace("<", "\\u003c")
    made.append(f'<script type="application/ld+json">{written_out}</script>')
    return "\n".join(made)


def citation(build: Build, place: Place, metadata: dict[str, Any]) -> str:
    """Return how a page is cited, in one line."""
    site = website(place, metadata)
    address = _address(site, output_name(place.page.name))
    title, whole = str(metadata["title"]), str(site.get("title", ""))
    named = title if not whole or whole == title else f"{title}. {whole}"
    parts = [*_authors(build, metadata), named, build.edition.words(place.lang)]
    parts.append(f"trends {trends.__version__}")
    if address:
        parts.append(address)
    return " ".join(part if part.endswith((".", "?", "!", "؟")) else f"{part}." for part in parts)


def _address(site: dict[str, Any], name: str) -> str:
    """Return the address of a file of a site; "" where the site declares none of its own."""
    base = str(site.get("site-url", "")).rstrip("/")
    return f"{base}/{name}" if base else ""


def _authors(build: Build, metadata: dict[str, Any]) -> list[str]:
    """Return who wrote a page; where it does not say, who wrote the project."""
    declared = [
        str(
            one.get("name") or f"{one.get('given-names', '')} {one.get('family-names', '')}".strip()
        )
        for one in build.declared.get("authors") or []
    ]
    return authors(metadata) or declared


def _contacts(declared: dict[str, Any]) -> list[str]:
    """Return the addresses at which a project says that it can be reached."""
    return [str(one["email"]) for one in declared.get("contact") or [] if one.get("email")]


def _papers(build: Build, place: Place, terms: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the printed reports in a page's language, with what their links say."""
    names = [
        page.name
        for page in build.project.pages
        if page.name in build.paper_only and build.languages[page.name] == place.lang
    ]
    said = [str(build.metadata[name].get("subtitle") or build.titles[name]) for name in names]
    return [
        (name, terms["pdf"] if number == 0 else f"{terms['pdf']}: {text}")
        for number, (name, text) in enumerate(zip(names, said, strict=True))
    ]


def _beside(name: str, other: str) -> str:
    """Return the name of a file in the folder of another one."""
    folder, slash, _ = name.rpartition("/")
    return f"{folder}{slash}{other}"


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
