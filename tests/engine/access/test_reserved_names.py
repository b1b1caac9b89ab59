"""Words of ours are no names: those of the bridge, its agents and the apps."""

import pytest

from bridge import texts
from bridge.admission_texts import ROLE_NAMES, ROLE_WORDS
from bridge.catalogs import language
from bridge.domain.ids import ChannelName
from bridge.domain.wording import LANGUAGES
from bridge.engine.access.reserved_names import ReservedNames
from bridge.engine.names import DisplayNames
from storage.memory import MemoryStore
from tests.engine.rig import agent_registry

RESERVED = ReservedNames(
    DisplayNames(MemoryStore(), {ChannelName("chat"): "Chat"}), agent_registry()
)


MORE = [
    *("someone 5678", "Someone U0AB", "s0meone", "Some one", "agent", "the owner", "The Bridge"),
    *("Bridge head", "bridge-head", "Owner 2", "agent #3", "member", "VIEWER", "you", "echo 2"),
    *("\u0430gent", "The  \u043ewner", "Bot (7)", "2 owner"),
]

IN_OTHER_LANGUAGES = [
    *("jemand 5678", "Jemand U0AB", "alguien 1234", "quelqu'un 1234", "Quelqu’un", "某人 5678"),  # noqa: RUF001
    *("某人5678", "Eigentümer", "die Eigentümerin", "EIGENTÜMERROLLE", "Mitglied", "propietario"),
    *("El Propietario", "miembro", "lector 2", "le propriétaire", "membre", "所有者", "成员"),
    *(
        "Du",
        "tú",
        "Vous",
        "你",
        "agente",
        "El agente",
        "智能体",
        "anderswo",
        "otro lugar",
        "ailleurs",
    ),
    *("别处", "navegador", "navigateur", "浏览器", "终端", "el sistema", "système", "prоpietario"),  # noqa: RUF001
]
"""What people are told in German, Spanish, French and Chinese for what we call so."""


@pytest.mark.parametrize(
    "name", ["Owner", "BRIDGE", "\u043ewner", "ECHO", "chat", "the agent", *MORE]
)
def test_what_reads_like_a_word_of_ours_is_reserved(name: str) -> None:
    assert RESERVED.holds(name)


@pytest.mark.parametrize("name", IN_OTHER_LANGUAGES)
def test_words_of_ours_are_reserved_in_every_language(name: str) -> None:
    assert RESERVED.holds(name)


@pytest.mark.parametrize("code", LANGUAGES)
def test_whatever_the_catalogs_say_for_words_of_ours_is_reserved(code: str) -> None:
    says = language(code).says
    words = (texts.SOMEONE, texts.SOMEWHERE, texts.BROWSER, texts.TERMINAL, texts.AGENT_LABEL)
    for each in (*words, texts.YOU, *ROLE_NAMES.values(), *ROLE_WORDS.values()):
        for name in (says(each), says(each).upper(), f"{says(each)} 2", f"{says(each)} #3"):
            assert RESERVED.holds(name), name
    assert RESERVED.holds(f"{says(texts.SOMEONE)} 1234")
    assert RESERVED.holds(f"{says(texts.SOMEONE)} U0AB")


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Bridget",
        "Owner of cats",
        "Thea",
        "Ada 2",
        "Boti",
        "Membery",
        "Duarte",
        "Lectora Ana",
        "Du Wei",
    ],
)
def test_other_names_are_free(name: str) -> None:
    assert not RESERVED.holds(name)
