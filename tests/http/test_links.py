"""Links that let a platform fetch one file for a while."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.domain.content import Attachment
from bridge.domain.errors import ConfigError
from bridge.domain.ids import MediaId
from bridge.http.errors import Fault
from bridge.http.links import Links, link_key
from tests.stores import AT

HOUR = timedelta(hours=1)
MEDIA = MediaId("m_" + "ab" * 32)
FILE = Attachment(kind="file", name="Größe & more.pdf", mime="application/pdf", size=9, media=MEDIA)


@dataclass
class Calendar:
    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@pytest.fixture
def clock() -> Calendar:
    return Calendar()


@pytest.fixture
def links(clock: Calendar) -> Links:
    return Links(b"k" * 32, base="https://bridge.example/base/", clock=clock)


def read(link: str | None) -> tuple[MediaId, dict[str, str]]:
    """Return what a link asks for, as the route reads it."""
    assert link is not None
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}" == "https://bridge.example"
    assert parts.path.startswith("/base/media/")
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    named = {
        "name": given["name"],
        "mime": given["type"],
        "until": given["until"],
        "signature": given["sig"],
    }
    return MediaId(parts.path.rpartition("/")[2]), named


def refused(links: Links, media: MediaId, asked: dict[str, str]) -> int | None:
    try:
        links.check(media, **asked)
    except Fault as fault:
        return fault.status_code
    return None


def test_a_link_is_good_until_its_time_is_over(links: Links, clock: Calendar) -> None:
    media, asked = read(links.link(FILE, HOUR))
    assert (media, asked["name"], asked["mime"]) == (MEDIA, FILE.name, FILE.mime)
    assert refused(links, media, asked) is None
    clock.at += HOUR - timedelta(seconds=2)
    assert refused(links, media, asked) is None
    clock.at += timedelta(seconds=2)
    assert refused(links, media, asked) == 410


def test_nothing_of_a_link_can_be_changed(links: Links) -> None:
    media, asked = read(links.link(FILE, HOUR))
    assert refused(links, MediaId("m_" + "cd" * 32), asked) == 403
    changes = {
        "name": "other.pdf",
        "mime": "text/html",
        "until": str(int(asked["until"]) + 1),
        "signature": asked["signature"][::-1],
    }
    for field, value in changes.items():
        assert refused(links, media, {**asked, field: value}) == 403, field
    assert refused(links, media, dict.fromkeys(asked, "")) == 403
    assert refused(links, media, {**asked, "signature": "é\ud800"}) == 403


def test_what_is_moved_from_one_field_to_the_next_is_a_change(links: Links) -> None:
    shifted = replace(FILE, name="a", mime="bc")
    media, asked = read(links.link(shifted, HOUR))
    assert refused(links, media, {**asked, "name": "ab", "mime": "c"}) == 403


def test_a_link_of_another_bridge_is_none_of_ours(links: Links, clock: Calendar) -> None:
    other = Links(b"x" * 32, base="https://bridge.example/base", clock=clock)
    assert refused(links, *read(other.link(FILE, HOUR))) == 403


def test_without_a_public_address_there_are_no_links(clock: Calendar) -> None:
    assert Links(b"k", base=None, clock=clock).link(FILE, HOUR) is None


def test_the_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "link-key"
    key = link_key(file)
    assert len(key) == 32
    assert link_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    assert link_key(file) != key


def test_a_file_that_holds_no_key_is_told(tmp_path: Path) -> None:
    file = tmp_path / "link-key"
    file.write_text("not a key")
    with pytest.raises(ConfigError, match="link-key: holds no key; delete it"):
        link_key(file)


def test_a_mark_is_read_again_here_and_nowhere_else(links: Links, clock: Calendar) -> None:
    marks = [links.sealed(text) for text in ("1", "1.s_1", "ä" * 100)]
    assert [links.opened(each) for each in marks] == ["1", "1.s_1", "ä" * 100]
    other = Links(b"o" * 32, base=None, clock=clock)
    assert [other.opened(each) for each in marks] == [None] * 3
    assert links.opened(marks[1][:-4] + marks[2][:4]) is None
