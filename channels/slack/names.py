"""What people and rooms are called at Slack, kept in mind for a while once it was asked."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from bridge.domain.errors import ChannelError
from bridge.domain.waits import is_over
from bridge.ports.clock import Clock
from channels.slack.client import Answer, Web
from channels.slack.conversation_ids import Spot
from channels.slack.limits import FRESH_NAME_SECONDS, MISSED_NAME_SECONDS, MOST_NAMES

FRESH = timedelta(seconds=FRESH_NAME_SECONDS)
MISSED = timedelta(seconds=MISSED_NAME_SECONDS)


class UserNames:
    """A name that cannot be had just now is the last one known or the id, for a while."""

    def __init__(self, web: Web, clock: Clock) -> None:
        self._web = web
        self._clock = clock
        self._known: dict[str, tuple[str, datetime]] = {}
        self._locales: dict[str, str] = {}

    async def person(self, user: str, *, otherwise: str = "") -> str:
        return await self._name(user, self._ask_person) or otherwise or user

    def language(self, user: str) -> str:
        """Return the tag of the language that somebody has Slack in, as far as it was told."""
        return self._locales.get(user, "")

    async def people(self, users: Iterable[str]) -> Mapping[str, str]:
        return {user: await self.person(user) for user in users}

    async def title(self, there: Spot) -> str:
        """Return what a place is called; a direct message has no name of its own."""
        if there.is_direct:
            return ""
        name = await self._name(there.room, self._ask_room)
        room = f"#{name}" if name and name != GROUP_MESSAGE else name or "Slack"
        return f"{room} (thread)" if there.thread else room

    async def members(self, room: str) -> int | None:
        """Return how many members a room has besides the app; None where Slack does not say."""
        asking = self._web.client.conversations_info(channel=room, include_num_members=True)
        answer = await self._web.ask(asking)
        found = (answer.get("channel") or {}).get("num_members")
        return None if found is None else max(0, int(found) - 1)

    async def is_in(self, room: str) -> bool:
        """Say whether the app is in a room here. Raises `ChannelError` where Slack does not say."""
        try:
            answer = await self._web.ask(self._web.client.conversations_info(channel=room))
        except ChannelError as error:
            if error.code in UNSEEN:
                return False
            raise
        there: Answer = answer.get("channel") or {}
        return any(there.get(each) for each in ("is_member", "is_im", "is_mpim"))

    def forget(self, key: str) -> None:
        """Ask anew what a person or a room is called."""
        self._known.pop(key, None)

    async def _name(self, key: str, ask: Callable[[str], Awaitable[str]]) -> str:
        name, at = self._known.get(key, ("", None))
        now = self._clock.now()
        if at is not None and not is_over(at + (FRESH if name else MISSED), now=now, since=at):
            return name
        with suppress(ChannelError):
            name = await ask(key)
        if len(self._known) >= MOST_NAMES and key not in self._known:
            self._known.pop(next(iter(self._known)))
        self._known[key] = (name, now)
        return name

    async def _ask_person(self, user: str) -> str:
        asking = self._web.client.users_info(user=user, include_locale=True)
        found: Answer = (await self._web.ask(asking)).get("user") or {}
        if len(self._locales) >= MOST_NAMES:
            self._locales.pop(next(iter(self._locales)))
        self._locales[user] = str(found.get("locale") or "")
        return _person(found)

    async def _ask_room(self, room: str) -> str:
        answer = await self._web.ask(self._web.client.conversations_info(channel=room))
        there: Answer = answer.get("channel") or {}
        return GROUP_MESSAGE if there.get("is_mpim") else str(there.get("name") or "")


GROUP_MESSAGE = "group message"

UNSEEN = frozenset({"channel_not_found", "access_denied", "team_access_not_granted"})
"""What Slack says of a room that is none of the workspace's."""


def _person(user: Answer) -> str:
    profile = user.get("profile") or {}
    found = (profile.get("display_name"), profile.get("real_name"), user.get("name"))
    return next((str(name) for name in found if name), "")
