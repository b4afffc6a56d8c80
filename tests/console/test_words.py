"""Every word of a page comes from one place, in both languages."""

import re
from pathlib import Path
from string import Formatter

import pytest

from console.rendering import STATIC, TEMPLATES
from console.words import WORDS, say, script_words

PAGES = sorted(TEMPLATES.rglob("*.html"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
NAMES = {"docs.html": {"API"}}
"""Words that are the same in every language."""

JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.S)
BODY_CLASS = re.compile(r"\{% block body_class %\}.*?\{% endblock %\}")
WORD = re.compile(r"[A-Za-z\u4e00-\u9fff]+")
SPOKEN = re.compile(r'\s(?:title|alt|aria-label|placeholder)="([^"]*)"')


def used_keys(text: str, call: str) -> set[str]:
    return set(re.findall(rf'\b{call}\(\s*["\']([a-z_.0-9]+)["\']', text))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_template_has_bare_words(path: Path) -> None:
    text = BODY_CLASS.sub("", path.read_text())
    text = JINJA.sub("", text)
    spoken = " ".join(SPOKEN.findall(text))
    # Keys are called on the keyboard what they are called here.
    text = re.sub(r"<(script|style|kbd)\b.*?</\1>", "", text, flags=re.S)
    text = re.sub(r"<[^>]*>", " ", text).replace("&amp;", "")
    found = set(WORD.findall(f"{text} {spoken}")) - NAMES.get(path.name, set())
    assert not found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_templates_say_only_known_words(path: Path) -> None:
    assert used_keys(path.read_text(), "t") <= set(WORDS)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_say_only_what_pages_give_them(path: Path) -> None:
    text = path.read_text()
    assert used_keys(text, "say") <= set(script_words("zh"))
    assert not re.findall(r"[\u4e00-\u9fff]", text)


def test_no_word_is_left_over() -> None:
    sources = [*PAGES, *SCRIPTS, *TEMPLATES.parent.rglob("*.py")]
    everything = "\n".join(p.read_text() for p in sources if p.name != "words.py")
    families = ("ago.", "age.", "span.", "group.", "map.", "clip.", "picture.", "error.", "key.")
    unused = {
        key
        for key in WORDS
        if f'"{key}"' not in everything
        and f"'{key}'" not in everything
        and not key.startswith(families)
    }
    assert not unused


@pytest.mark.parametrize("key", sorted(WORDS))
def test_both_languages_take_the_same_values(key: str) -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    words = WORDS[key]
    assert words.zh
    assert words.en
    assert fields(words.zh) == fields(words.en)
    assert not re.findall(r"[\u4e00-\u9fff]", words.en) or key == "language.other"


def test_a_page_never_shows_a_key() -> None:
    with pytest.raises(KeyError):
        say("no.such.words", "zh")
