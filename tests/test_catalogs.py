"""Every text of the bridge is in every catalog, whole, and with the same names in it."""

import ast
import re
import subprocess
import sys
from gettext import GNUTranslations

import pytest
from markdown_it import MarkdownIt

from bridge import catalogs, texts
from bridge.delivery.part_splitter import MARGIN
from bridge.domain.wording import ENGLISH, LANGUAGES
from bridge.session import slash
from tests.catalogs import CODES, ROOT, brought_up, found, kept, missing, written

_NAMES = re.compile(r"\{([a-z_]+)\}")
_COMMANDS = re.compile(r"`(/?[a-z]+)\b")
_MARKS = ("**", "`", "\n")


def forms(message):
    return message.string if isinstance(message.string, (tuple, list)) else (message.string,)


def sources(message):
    return message.id if isinstance(message.id, (tuple, list)) else (message.id,)


def plain(text):
    """Return what people read of a text: no mark that Markdown does not take for one is in it."""
    shown = MarkdownIt().render(_NAMES.sub("Ada", text))
    return re.sub(r"<code>.*?</code>|<[^>]+>", "", shown)


def translated(code):
    return [each for each in kept(code) if each.id]


@pytest.mark.parametrize("code", CODES)
def test_the_catalog_is_up_to_date(code):
    """`python -m tests.catalogs` was run after the last text was changed."""
    path = catalogs.FOLDER / f"{code}.po"
    assert written(code, brought_up(kept(code), found())) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated_and_none_only_guessed(code):
    catalog = kept(code)
    assert len(catalog) > 350
    assert list(missing(catalog)) == []
    assert [each.id for each in catalog if each.fuzzy] == []


@pytest.mark.parametrize("code", CODES)
def test_a_translation_names_just_what_the_text_names(code):
    """A number may be left out where the form says it: `a`, in the place of `{count}`."""
    for message in translated(code):
        names = set(_NAMES.findall(sources(message)[-1]))
        for each in forms(message):
            assert names - {"count"} <= set(_NAMES.findall(each)) <= names, (message.id, each)
            assert message.pluralizable or set(_NAMES.findall(each)) == names, (message.id, each)
            assert "{" not in _NAMES.sub("", each), (message.id, each)


@pytest.mark.parametrize("code", CODES)
def test_a_translation_keeps_the_commands_and_the_marks(code):
    for message in translated(code):
        text = sources(message)[-1]
        for each in forms(message):
            assert set(_COMMANDS.findall(text)) == set(_COMMANDS.findall(each)), each
            for mark in _MARKS:
                assert text.count(mark) == each.count(mark), (message.id, each)
            assert text.startswith("_") == each.startswith("_"), (message.id, each)
            assert "*" not in plain(each), (message.id, each)
            assert "_" not in plain(each), (message.id, each)
            assert each.strip() == each


@pytest.mark.parametrize("code", CODES)
def test_what_is_compiled_is_what_was_translated(code):
    with catalogs.FOLDER.joinpath(f"{code}.mo").open("rb") as file:
        known = GNUTranslations(file)
    for message in translated(code):
        if message.pluralizable:
            numbers = {known.ngettext(*message.id, number) for number in range(5)}
            assert numbers == set(message.string), message.id
        else:
            assert known.gettext(message.id) == message.string


@pytest.mark.parametrize("code", CODES)
def test_every_command_is_explained_in_every_language_and_fits_the_menus(code):
    """Discord shows 100 characters of it, Telegram 256."""
    language = catalogs.language(code)
    for command in slash.COMMANDS:
        said = language.says(command.text)
        assert said != command.text, command.name
        assert 0 < len(said) <= 100, (command.name, said)


@pytest.mark.parametrize("code", CODES)
def test_the_marks_around_a_text_fit_in_what_is_kept_free_for_them(code):
    says = catalogs.language(code).says
    for each in (texts.REPEATED, texts.FILES_REFUSED):
        assert len(f"\n\n{says(each)}") <= MARGIN, says(each)


@pytest.mark.parametrize("name", ["texts", "admission_texts", "schedule_texts", "session_texts"])
def test_no_text_is_put_together_in_a_way_that_no_translator_sees(name):
    """A pattern is a whole text in the code: no name, no f-string, no sum stands in its place."""
    tree = ast.parse((ROOT / "bridge" / f"{name}.py").read_text(encoding="utf-8"))
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    made = [each for each in calls if getattr(each.func, "id", "") in {"_", "_n"}]
    assert len(made) > 30
    for each in made:
        patterns = each.args[: 2 if each.func.id == "_n" else 1]
        is_titled = any(ast.unparse(arg) == "otherwise" for arg in patterns)
        whole = all(isinstance(arg, ast.Constant) for arg in patterns)
        assert whole or is_titled, ast.unparse(each)


def test_every_language_has_a_catalog_and_english_needs_none():
    assert {each.code for each in catalogs.others()} == {*LANGUAGES} - {"en"}
    assert catalogs.language("en") is ENGLISH
    assert catalogs.language("xx") is ENGLISH
    assert catalogs.language("../de") is ENGLISH


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("pt-BR", ""),
        ("zh-Hans-CN", "zh"),
        ("zh_CN", "zh"),
        ("EN-us", "en"),
        ("", ""),
        ("../../etc", ""),
    ],
)
def test_a_tag_of_a_platform_names_a_language(tag, code):
    assert catalogs.code_of(tag) == code


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("pt-BR,fr;q=0.5,es;q=0.7", "es"),
        ("en;q=0.1, zh-CN", "zh"),
        ("pt", ""),
        ("*", ""),
        ("", ""),
        (";;q=x,,de;q=y", ""),
    ],
)
def test_a_browser_s_list_names_the_language_that_is_wanted_most(header, code):
    assert catalogs.wanted(header) == code


def test_nothing_is_loaded_for_english():
    """What is said in English reads no catalog."""
    program = (
        "from bridge import catalogs, texts; import sys\n"
        "catalogs.language('en').says(texts.joined('Ada'))\n"
        "assert not catalogs.language.cache_info().hits\n"
        "opened = []\n"
        "note = lambda name, args: opened.append(str(args[0])) if name == 'open' else None\n"
        "sys.addaudithook(note)\n"
        "catalogs.language('en').says(texts.joined('Ada'))\n"
        "assert not opened, opened\n"
        "assert catalogs.language('de').says(texts.joined('Ada')) == '_Ada ist beigetreten._'\n"
        "assert [each for each in opened if each.endswith('de.mo')]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


LONG = 30
"""Characters of a text that no two languages say alike."""


def test_no_two_languages_say_a_long_text_alike():
    """A catalog that was filled from another one's messages says everything in its language."""
    said: dict[tuple[str, int], dict[str, str]] = {}
    for code in CODES:
        for message in translated(code):
            for number, form in enumerate(forms(message)):
                if len(plain(form)) > LONG:
                    said.setdefault((sources(message)[0], number), {})[code] = form
    alike = [each for each in said.values() if len(set(each.values())) < len(each)]
    assert alike == []
    english = {each for each, _ in said}
    assert not [each for forms_ in said.values() for each in forms_.values() if each in english]
