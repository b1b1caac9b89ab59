"""What Discord takes and how often, each with its source.

Limits that its documentation does not state may change without notice; they stand here alone.
"""

from datetime import timedelta

from channels.limits import Rate

MAX_CHARS = 2000
"""Of a message, in code points. Source: docs, Create Message."""

MAX_BUTTONS = 25
"""Of a message: five rows of five. Source: docs, Component Reference."""

MAX_FORM_LABEL, MAX_FORM_TEXT = 45, 4000
"""Of a window to write in: its title and the label of its field, and what is written."""

MAX_LABEL = 80
"""Characters of a button's label. Source: docs, Component Reference."""

MAX_FILES = 10
"""Of a message. Source: docs, Uploading Files."""

MAX_FILE_BYTES = 10 * 1024 * 1024
"""Of each file, where the server is not boosted. Source: docs, Uploading Files."""

MAX_DESCRIPTION = 100
"""Characters of a slash command's description. Source: docs, Application Commands."""

HISTORY_PAGE = 100
"""Messages read at once. Source: docs, Get Channel Messages."""

NONCE_WINDOW = timedelta(seconds=60)
"""How long a nonce is surely remembered. Docs, Create Message: "past few minutes"; a cautious
reading of it."""

MAX_NONCE = 25
"""Characters of a nonce. Source: docs, Create Message."""

ACCOUNT = Rate(calls=45, per=timedelta(seconds=1))
"""Docs, Rate Limits: 50 requests a second for all of a bot."""

PLACE = Rate(calls=5, per=timedelta(seconds=5), burst=5)
"""Not documented; what the headers of sends and of edits say: five in five seconds each."""

REACTIONS_IN_PLACE = Rate(calls=2, per=timedelta(seconds=1), burst=6)
"""Not documented; what the headers of reactions say is one in a quarter of a second."""

PREVIEW_INTERVAL = timedelta(seconds=1.3)
"""Not documented; edits at this pace stay within the above."""

SEND_TIMEOUT = timedelta(seconds=30)
CALL_TIMEOUT_SECONDS = 25.0
CONNECT_TIMEOUT_SECONDS = 10.0

BAN = timedelta(minutes=10)
"""How long to be quiet when Cloudflare, not Discord, refuses us and does not say how long. Docs,
Rate Limits: 10,000 invalid requests are counted over ten minutes."""
