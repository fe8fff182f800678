"""A render replaces what a render wrote, and nothing else."""

import json
from pathlib import Path

import pytest

from trends.report import RenderError, render


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _into(root: Path, folder: str) -> Path:
    config = (root / "_quarto.yml").read_text(encoding="utf-8")
    (root / "_quarto.yml").write_text(
        config.replace("output-dir: _site", f"output-dir: {folder}"), encoding="utf-8"
    )
    return root


@pytest.fixture
def root(write_page, tmp_path):
    """A project within a folder, so that there is something above and beside it."""
    made = write_page("Text.")
    project = tmp_path / "project"
    project.mkdir()
    for path in list(made.iterdir()):
        if path != project:
            path.rename(project / path.name)
    (project / "data").mkdir()
    (project / "data/table.csv").write_text("a\n1\n", encoding="utf-8")
    (project / ".git").mkdir()
    (project / ".git/HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    return project


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        (".", "which is the project itself"),
        ("..", "which holds the project"),
        ("../..", "which holds the project"),
        ("/", "which holds the project"),
        ("data", "where the data are"),
        ("data/site", "where the data are"),
        ("filters", "which holds 'filters/findings.lua'"),
        (".git/site", "inside a repository's own folder"),
    ],
)
def test_the_project_its_parts_and_what_lies_above_are_never_replaced(root, folder, words):
    before = _files(root)
    with pytest.raises(RenderError, match=words) as stopped:
        render(_into(root, folder), engine="builtin")
    assert (stopped.value.file, stopped.value.line) == ("_quarto.yml", 3)
    assert {**_files(root), "_quarto.yml": b""} == {**before, "_quarto.yml": b""}


@pytest.mark.parametrize("folder", ["docs", "../precious"])
def test_a_folder_with_somebodys_files_is_left_alone(root, folder):
    (root / folder).mkdir()
    (root / folder / "CNAME").write_text("example.org", encoding="utf-8")
    with pytest.raises(RenderError, match=r"files that trends did not write \(CNAME\)"):
        render(_into(root, folder), engine="builtin")
    assert _files(root / folder) == {"CNAME": b"example.org"}


def test_a_manifest_of_something_else_makes_no_site_ours(root):
    (root / "docs").mkdir()
    (root / "docs/manifest.json").write_text(json.dumps({"name": "app", "icons": []}))
    with pytest.raises(RenderError, match="files that trends did not write"):
        render(_into(root, "docs"), engine="builtin")


def test_a_file_put_into_a_site_stays_and_the_render_says_where_it_belongs(root):
    site = render(root, engine="builtin").site
    (site / "CNAME").write_text("example.org", encoding="utf-8")
    before = _files(site)
    with pytest.raises(RenderError, match=r"\(CNAME\).*listed under `resources`"):
        render(root, engine="builtin")
    assert _files(site) == before


def test_a_repository_in_a_site_stays(root):
    site = render(root, engine="builtin").site
    (site / "pages/.git").mkdir(parents=True)
    with pytest.raises(RenderError, match=r"the repository 'pages/\.git'"):
        render(root, engine="builtin")
    assert (site / "pages/.git").is_dir()


def test_a_link_is_not_followed(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (root / "_site").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RenderError, match="which is a link to"):
        render(root, engine="builtin")
    assert (root / "_site").is_symlink()


def test_a_new_an_empty_and_an_own_folder_are_written(root, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/.DS_Store").write_bytes(b"")
    for folder in (tmp_path / "new", tmp_path / "empty", tmp_path / "empty"):
        assert (render(root, engine="builtin", output=folder).site / "index.html").is_file()


def test_what_appears_during_the_render_is_not_replaced(root):
    page = root / "index.qmd"
    page.write_text(
        page.read_text(encoding="utf-8")
        + "\n```{python}\nfrom pathlib import Path\nPath('_site').mkdir()\n"
        "Path('_site/mine').write_text('x');\n```\n",
        encoding="utf-8",
    )
    with pytest.raises(RenderError, match=r"did not write \(mine\)"):
        render(root, engine="builtin")
    assert _files(root / "_site") == {"mine": b"x"}


FIGURE = """\
```{python}
#| label: fig-line
#| fig-cap: A line.
#| fig-alt: A line that rises.
import matplotlib.pyplot as plt
plt.plot([1, 2]);
```

![A picture](<a picture (1).svg>)

Said by [@sundberg2013].
"""


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        "it's (a) [b] {c}",
        "50% & more #1 $HOME ${HOME}",
        "a--b...c~d_e*f",
        "تقرير",
        'quote " and <tag>',
    ],
)
def test_a_project_may_lie_in_a_folder_of_any_name(write_page, tmp_path, name):
    made = write_page(FIGURE)
    here = Path(__file__).parent
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"></svg>'
    (made / "a picture (1).svg").write_text(svg, encoding="utf-8")
    (made / "r.bib").write_bytes((here / "site/pages/references.bib").read_bytes())
    config = (made / "_quarto.yml").read_text(encoding="utf-8")
    (made / "_quarto.yml").write_text(
        config.replace("format: {html: {toc: false}}", "format: {html: {}, typst: {}}")
        + "bibliography: r.bib\nlang: en\n",
        encoding="utf-8",
    )
    root = tmp_path / name
    root.mkdir()
    for path in list(made.iterdir()):
        if path != root:
            path.rename(root / path.name)
    site = render(root, engine="builtin").site
    page = (site / "index.html").read_text(encoding="utf-8")
    assert 'aria-label="A line that rises."' in page
    assert (site / "a picture (1).svg").read_text(encoding="utf-8") == svg
    assert (site / "index.pdf").is_file()


def test_a_label_cannot_lead_a_picture_out_of_the_build(write_page, tmp_path):
    body = FIGURE.replace("label: fig-line", "label: fig-/../../../../escaped")
    with pytest.raises(RenderError, match="the label must be made of letters, digits"):
        render(write_page(body), engine="builtin")


def test_a_page_may_have_a_name_with_spaces(write_page):
    root = write_page("[Over there](<my page.qmd>)")
    (root / "my page.qmd").write_text(
        "---\ntitle: Mine\n---\n\n[Back](index.qmd)\n", encoding="utf-8"
    )
    config = (root / "_quarto.yml").read_text(encoding="utf-8")
    (root / "_quarto.yml").write_text(config.replace("[index.qmd]", "[index.qmd, my page.qmd]"))
    site = render(root, engine="builtin").site
    assert 'href="my%20page.html"' in (site / "index.html").read_text(encoding="utf-8")
    assert (site / "my page.html").is_file()
