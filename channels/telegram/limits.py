"""What Telegram allows, in one table. Where a figure is not Telegram's own word, its source is.

The Bot API is at https://core.telegram.org/bots/api, the FAQ at https://core.telegram.org/bots/faq.
"""

from datetime import timedelta

from channels.limits import Rate

# -- messages, Bot API ----------------------------------------------------------------------------

MAX_CHARS = 4096  # sendMessage: after entities parsing, in code points
MAX_CAPTION = 1024
MAX_ENTITIES = 100  # undocumented: the rest is ignored (telegram.constants.MessageLimit)
MAX_ALERT = 200  # answerCallbackQuery
MAX_BUTTON_BYTES = 64  # InlineKeyboardButton.callback_data
MAX_BUTTONS = 100  # undocumented (telegram.constants.InlineKeyboardMarkupLimit)
MAX_COMMAND_TEXT = 256  # BotCommand.description

# -- files, Bot API "Sending files" and getFile ---------------------------------------------------

MAX_UPLOAD = 50_000_000
MAX_PHOTO = 10_000_000
MAX_DOWNLOAD = 20_000_000
ALBUM = 10  # sendMediaGroup: 2-10 of a kind
CHUNK = 1 << 20

# -- pace, FAQ "My bot is hitting limits": one a second and chat, 20 a minute and group, 30 a second
# in all. Edits and drafts count like messages (TDLib issue 3034). Short bursts are let through.

ACCOUNT = Rate(calls=30, per=timedelta(seconds=1))
PRIVATE = Rate(calls=1, per=timedelta(seconds=1), burst=6)
GROUP = Rate(calls=15, per=timedelta(minutes=1), burst=5)
PRIVATE_PREVIEWS = timedelta(seconds=1)
REACTIONS = Rate(calls=10, per=timedelta(seconds=1))  # undocumented; a cautious guess
REACTIONS_IN_CHAT = Rate(calls=1, per=timedelta(seconds=1), burst=6)
GROUP_PREVIEWS = timedelta(seconds=3)
UNSAID_WAIT = timedelta(seconds=5)
"""How long to wait when Telegram says "too many" but not until when."""

# -- time -----------------------------------------------------------------------------------------

DELETABLE = timedelta(hours=48)  # deleteMessage
CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
UPLOAD_SECONDS = 50.0
SEND_TIMEOUT = timedelta(seconds=60)
ANSWER_SECONDS = 10.0
"""What a person is told alone is given up after so long: Telegram is told of the update then."""


def is_group(place: str) -> bool:
    """Say whether several people read a place: the ids of groups are negative."""
    return place.startswith("-")


def rate_of(place: str) -> Rate:
    return GROUP if is_group(place) else PRIVATE
