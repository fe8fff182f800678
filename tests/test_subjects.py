"""The package speaks of events and counts; the words of a subject stand in its pack."""

import re
from pathlib import Path

import pytest

import trends
from trends.tables.languages import LANGUAGES
from trends.tables.packs import bundled

ROOT = Path(trends.__file__).parent
READ = {
    ".py",
    ".pyi",
    ".toml",
    ".json",
    ".qmd",
    ".md",
    ".yml",
    ".css",
    ".js",
    ".lua",
    ".typ",
    ".csv",
}

#: Layouts of published files hold the columns, codes and names of those files.
LAYOUTS = {"tables/sources.py", "tables/layouts.toml"}

CONFLICT = re.compile(
    r"(?<![^\W_])(?:attack(?:s|er|ers|ed|ing)?|militan\w+|islamic state|isis|isil|daesh|jihad\w*"
    r"|insurg\w+|terror\w*|rebels?|soldiers?|troops|army|armies|military|battles?"
    r"|civilians?|wars?|weapons?|bomb\w*|ambush\w*|(?-i:IEDs?)|raids?|perpetrators?|fighters?"
    r"|air ?strikes?|attaques?|attentats?|arm[ée]es?|militaires?|combattants?"
    r"|(?:ال)?هجوم\w*|(?:ال)?هجمات|داعش|(?:ال)?تنظيم الدولة|(?:ال)?جيوش|(?:ال)?جيش|(?:ال)?مسلح\w*"
    r"|(?:ال)?إرهاب\w*)(?![^\W_])",
    re.IGNORECASE,
)  # fmt: skip


def spoken(path):
    """Return the text of a file without the titles of cited works."""
    text = path.read_text(encoding="utf-8")
    return "\n\n".join(part for part in text.split("\n\n") if "doi:" not in part)


def test_no_word_of_conflict_stands_outside_the_packs():
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {match[0]}"
        for path in sorted(ROOT.rglob("*"))
        if path.suffix in READ
        and not path.is_relative_to(ROOT / "packs")
        and path.relative_to(ROOT).as_posix() not in LAYOUTS
        for match in CONFLICT.finditer(spoken(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["294 attacks", "claimed_attacks", "the Islamic State", "armies", "IED", "الهجمات", "الجيوش"],
)
def test_a_word_of_conflict_would_be_found(text):
    assert CONFLICT.search(text)


@pytest.mark.parametrize("text", ["warning", "warm", "toward", "raised", "ISO", "هجاء", "software"])
def test_other_words_are_not_taken_for_them(text):
    assert not CONFLICT.search(text)


def test_the_words_of_conflict_are_in_its_pack():
    [pack] = [pack for pack in bundled() if pack.name == "conflict"]
    assert CONFLICT.search(pack.measures["attacks"]["en_many"])
    assert CONFLICT.search(pack.source_kinds["military"]["en"])


@pytest.mark.parametrize("pack", bundled(), ids=lambda pack: pack.name)
def test_every_pack_of_the_package_speaks_every_language(pack):
    for named in (
        pack.title,
        *pack.names.values(),
        *pack.source_kinds.values(),
        *pack.dates.values(),
    ):
        assert set(LANGUAGES) <= set(named)
    for noun in pack.measures.values():
        assert {f"{lang}_many" for lang in LANGUAGES} <= set(noun)
