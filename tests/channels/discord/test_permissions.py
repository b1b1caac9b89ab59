"""What the bot may do in a room follows from roles and overwrites, as Discord computes it."""

import discord as library
import pytest

from channels.discord.doctor import ALL, NEEDED, missing

EVERYONE, CREW, ME = "10", "11", "12"
VIEW, SEND, FILES = 1 << 10, 1 << 11, 1 << 15


def lacking(*, everyone=ALL, crew=0, overwrites=(), thread=False):
    roles = [
        {"id": EVERYONE, "permissions": str(everyone)},
        {"id": CREW, "permissions": str(crew)},
    ]
    written = [
        {"id": who, "type": 0, "allow": str(allow), "deny": str(deny)}
        for who, allow, deny in overwrites
    ]
    return missing(
        {"permission_overwrites": written},
        thread=thread,
        guild={"id": EVERYONE, "roles": roles},
        member={"roles": [CREW], "user": {"id": ME}},
    )


def test_the_bits_are_those_that_the_library_knows():
    names = {name.lower().replace(" ", "_"): bit for name, bit in NEEDED.items()}
    names["view_channel"] = names.pop("view_channels")
    assert library.Permissions(**dict.fromkeys(names, True)).value == ALL
    assert {name: getattr(library.Permissions, name).flag for name in names} == names


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({}, []),
        ({"everyone": 0}, list(NEEDED)),
        ({"everyone": 0, "crew": ALL}, []),
        ({"everyone": 0, "crew": 1 << 3}, []),
        ({"overwrites": [(EVERYONE, 0, VIEW)]}, ["View Channels"]),
        ({"overwrites": [(EVERYONE, 0, VIEW), (CREW, VIEW, 0)]}, []),
        ({"overwrites": [(CREW, FILES, 0), (ME, 0, FILES)]}, ["Attach Files"]),
        ({"overwrites": [(CREW, 0, FILES), (ME, FILES, 0)]}, []),
        ({"overwrites": [("99", 0, ALL)]}, []),
    ],
    ids=str,
)
def test_what_is_lacking_is_named(given, lacks):
    found = lacking(**given)
    assert found == [name for name in lacks if name != "Send Messages in Threads"]


def test_in_a_thread_another_permission_counts_for_writing():
    only_rooms = ALL & ~NEEDED["Send Messages in Threads"]
    assert lacking(everyone=only_rooms) == []
    assert lacking(everyone=only_rooms, thread=True) == ["Send Messages in Threads"]
    assert lacking(everyone=ALL & ~SEND, thread=True) == []
