"""The part of the Bot API's objects that is read here, checked as it comes in.

Of what Telegram adds, only its name is read (`Message.kinds`). See https://core.telegram.org/bots/api#available-types.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from channels.visible_words import visible_words


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class User(Wire):
    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""


class Chat(Wire):
    id: int
    type: Literal["private", "group", "supergroup", "channel"]
    title: str = ""
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    is_direct_messages: bool = False
    is_forum: bool = False


class Entity(Wire):
    """`offset` and `length` are UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str = ""
    user: User | None = None
    language: str = ""


class File(Wire):
    """A photo, voice note, audio, video, animation or document: whatever of it is there."""

    file_id: str
    file_name: str = ""
    mime_type: str = ""
    file_size: int | None = None
    title: str = ""
    width: int = 0
    height: int = 0


class Sticker(Wire):
    emoji: str = ""


class Location(Wire):
    latitude: float
    longitude: float


class Venue(Wire):
    location: Location
    title: str
    address: str


class Contact(Wire):
    phone_number: str
    first_name: str
    last_name: str = ""


class PollOption(Wire):
    text: str


class Poll(Wire):
    question: str
    options: tuple[PollOption, ...]


class Dice(Wire):
    emoji: str
    value: int


class Quote(Wire):
    text: str
    is_manual: bool = False


class Origin(Wire):
    """Where a forwarded message was written: by someone, someone hidden, or in a chat."""

    sender_user: User | None = None
    sender_user_name: str = ""
    sender_chat: Chat | None = None
    chat: Chat | None = None


class Task(Wire):
    text: str
    completion_date: int = 0


class Checklist(Wire):
    title: str
    tasks: tuple[Task, ...] = ()


class Story(Wire):
    chat: Chat


class Titled(Wire):
    """A game, or an invoice."""

    title: str
    description: str = ""


class Paid(Wire):
    """One of paid media; of a preview there is no file."""

    photo: tuple[File, ...] = ()
    video: File | None = None
    live_photo: File | None = None


class PaidMedia(Wire):
    star_count: int = 0
    paid_media: tuple[Paid, ...] = ()


class SharedUser(Wire):
    first_name: str = ""
    last_name: str = ""
    username: str = ""


class Shared(Wire):
    """Users, or a chat, that someone picked for the bot."""

    users: tuple[SharedUser, ...] = ()
    title: str = ""


class WebAppData(Wire):
    data: str


class RichMessage(Wire):
    blocks: tuple[Any, ...] = ()


class Holding(Wire):
    """What a message holds, or one that is replied to in another chat. `kinds`: all its fields."""

    kinds: frozenset[str] = frozenset()
    photo: tuple[File, ...] = ()
    live_photo: File | None = None
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    animation: File | None = None
    document: File | None = None
    paid_media: PaidMedia | None = None
    sticker: Sticker | None = None
    location: Location | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    poll: Poll | None = None
    dice: Dice | None = None
    checklist: Checklist | None = None
    story: Story | None = None
    game: Titled | None = None
    invoice: Titled | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_kinds(cls, data: Any) -> Any:
        return {**data, "kinds": frozenset(data)} if isinstance(data, dict) else data


class External(Holding):
    """A message of another chat that is replied to; its words are told in the quote alone."""

    origin: Origin


class Message(Holding):
    message_id: int
    chat: Chat
    date: int = 0
    edit_date: int = 0
    message_thread_id: int | None = None
    is_topic_message: bool = False
    sender: User | None = Field(default=None, alias="from")
    sender_chat: Chat | None = None
    via_bot: User | None = None
    sender_business_bot: User | None = None
    author_signature: str = ""
    is_automatic_forward: bool = False
    forward_origin: Origin | None = None
    reply_to_message: "Message | None" = None
    external_reply: External | None = None
    reply_to_story: Story | None = None
    forum_topic_created: object | None = None
    forum_topic_edited: object | None = None
    new_chat_title: str = ""
    group_chat_created: bool = False
    supergroup_chat_created: bool = False
    quote: Quote | None = None
    media_group_id: str = ""
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None
    text: str = ""
    entities: tuple[Entity, ...] = ()
    caption: str = ""
    caption_entities: tuple[Entity, ...] = ()
    rich_message: RichMessage | None = None
    users_shared: Shared | None = None
    chat_shared: Shared | None = None
    web_app_data: WebAppData | None = None


class CallbackQuery(Wire):
    """`message` has nothing but its chat and id when it is too old to be had."""

    id: str
    sender: User = Field(alias="from")
    message: Message | None = None
    data: str | None = None


class Member(Wire):
    status: str


class MyMembership(Wire):
    chat: Chat
    sender: User = Field(alias="from")
    date: int
    old_chat_member: Member
    new_chat_member: Member


class ReactionType(Wire):
    """`emoji` is there where it is one of Unicode."""

    emoji: str = ""


class MessageReaction(Wire):
    """`sender` is nobody where a chat reacted, as anonymous administrators do."""

    chat: Chat
    message_id: int
    sender: User | None = Field(default=None, alias="user")
    date: int
    old_reaction: tuple[ReactionType, ...] = ()
    new_reaction: tuple[ReactionType, ...] = ()


class StoppedGeneration(Wire):
    """Somebody stopped the text that a bot was seen writing; `draft_id` is the bot's own name."""

    chat: Chat
    message_thread_id: int | None = None
    draft_id: int


class Update(Wire):
    """One thing that happened. At most one of the others is there.

    `words` are all that stand in it.
    """

    update_id: int
    words: str = ""
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: MyMembership | None = None
    message_reaction: MessageReaction | None = None
    stopped_message_generation: StoppedGeneration | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_words(cls, data: Any) -> Any:
        return {**data, "words": visible_words(data)} if isinstance(data, dict) else data


KINDS = (
    "message", "edited_message", "callback_query", "my_chat_member", "message_reaction",
    "stopped_message_generation",
)  # fmt: skip
"""What is asked of Telegram as `allowed_updates`."""
