"""The types of Discord's JSON, as the library has them.

They exist for the type checker alone: the library's modules of them import each other in a circle.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from discord.types.gateway import MessageDeleteBulkEvent as ManyDeleted
    from discord.types.gateway import MessageDeleteEvent as OneDeleted
    from discord.types.gateway import ReadyEvent as Ready
    from discord.types.gateway import ResumedEvent as Resumed
    from discord.types.guild import Guild
    from discord.types.interactions import Interaction
    from discord.types.message import Attachment, Message
    from discord.types.user import User
else:
    Attachment = Guild = Interaction = ManyDeleted = Message = OneDeleted = Ready = Resumed = Any
    User = Any

__all__ = [
    "Attachment",
    "Guild",
    "Interaction",
    "ManyDeleted",
    "Message",
    "OneDeleted",
    "Ready",
    "Resumed",
    "User",
]
