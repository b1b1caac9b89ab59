"""What people and rooms are called at Slack, asked once and kept in mind."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from bridge.errors import ChannelError
from channels.slack.limits import MOST_NAMES
from channels.slack.places import Spot
from channels.slack.web import Answer, Web


class Names:
    """A name that cannot be had just now is the id, and asked for again the next time."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._known: dict[str, str] = {}

    async def person(self, user: str, *, otherwise: str = "") -> str:
        return await self._name(user, self._ask_person) or otherwise or user

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

    async def _name(self, key: str, ask: Callable[[str], Awaitable[str]]) -> str:
        if key not in self._known:
            try:
                name = await ask(key)
            except ChannelError:
                return ""
            if len(self._known) >= MOST_NAMES:
                self._known.pop(next(iter(self._known)))
            self._known[key] = name
        return self._known[key]

    async def _ask_person(self, user: str) -> str:
        answer = await self._web.ask(self._web.client.users_info(user=user))
        return _person(answer.get("user") or {})

    async def _ask_room(self, room: str) -> str:
        answer = await self._web.ask(self._web.client.conversations_info(channel=room))
        there: Answer = answer.get("channel") or {}
        return GROUP_MESSAGE if there.get("is_mpim") else str(there.get("name") or "")


GROUP_MESSAGE = "group message"


def _person(user: Answer) -> str:
    profile = user.get("profile") or {}
    found = (profile.get("display_name"), profile.get("real_name"), user.get("name"))
    return next((str(name) for name in found if name), "")
