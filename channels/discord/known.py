"""What the library keeps in mind of an account's rooms and roles, asked in our words."""

import discord


class Known:
    """Knows nothing before the first connection."""

    def __init__(self) -> None:
        self.client: discord.Client | None = None

    @property
    def me(self) -> str:
        user = self.client.user if self.client is not None else None
        return user.display_name if user is not None else ""

    def title(self, place: str) -> str:
        name = self.room(place)
        return f"#{name}" if name is not None else ""

    def room(self, room: str) -> str | None:
        found = self.client.get_channel(int(room)) if self.client is not None else None
        return getattr(found, "name", None)

    def role(self, role: str) -> str | None:
        found = self._role(role)
        return found.name if found is not None else None

    def is_me(self, *, user: str = "", role: str = "") -> bool:
        """Say whether this is us, or the role that our server made for us alone."""
        if self.client is None or self.client.user is None:
            return False
        me = self.client.user.id
        if user:
            return int(user) == me
        found = self._role(role)
        return found is not None and found.tags is not None and found.tags.bot_id == me

    def _role(self, role: str) -> discord.Role | None:
        for guild in self.client.guilds if self.client is not None else ():
            found = guild.get_role(int(role))
            if found is not None:
                return found
        return None
