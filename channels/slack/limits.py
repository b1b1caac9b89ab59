"""What Slack allows, each with where it is said. Unmarked: https://docs.slack.dev."""

from datetime import timedelta

from channels.limits import Rate

# == a message ====================================================================================

MAX_CHARS = 11_500
"""Of one `markdown` block: 12,000 documented; all blocks of a message together fail from about
13,200 on (slackapi/bolt-js#2509), so there is room left for the label and the buttons."""

MAX_FALLBACK = 4_000
"""Of `text` in chat.update: `msg_too_long`. chat.postMessage cuts from 40,000 on."""

MAX_LABEL = 200
"""Of the line that says who spoke; plain text may have 3,000."""

MAX_BLOCKS = 50
MAX_BUTTONS = 25
"""Elements of one `actions` block."""

MAX_BUTTON_TEXT = 75
MAX_COMMENT = 3_000
"""Of the text beside a file. Not documented; a safe guess."""

# == an agent ======================================================================================

MAX_TITLE = 200
"""Of an agent session."""

MAX_PROMPTS = 4
MAX_PROMPT_TITLE = 75
"""Of what a person may begin with. How long a title may be is not documented; a safe guess."""

STATUS_STAYS = timedelta(seconds=100)
"""A line of assistant.threads.setStatus is taken off after two minutes."""

# == files ========================================================================================

MAX_FILES = 10
"""In one message. Not documented; the client's own limit."""

MAX_FILE_BYTES = 100_000_000
"""Slack takes 1 GB; this is what we are willing to push through."""

MAX_CHUNK = 1 << 20
"""Bytes, as the port asks."""

# == how often ====================================================================================

POSTS = Rate(calls=240, per=timedelta(minutes=1), burst=60)
"""chat.postMessage in a workspace: "several hundred messages per minute"."""

POSTS_IN_ROOM = Rate(calls=1, per=timedelta(seconds=1), burst=5)
"""chat.postMessage: one a second in a room, short bursts are let through."""

EDITS = Rate(calls=50, per=timedelta(minutes=1), burst=20)
"""chat.update and chat.delete: tier 3, 50 and more a minute."""

EDITS_IN_ROOM = Rate(calls=1, per=timedelta(seconds=1), burst=5)

STREAMS = Rate(calls=20, per=timedelta(minutes=1), burst=10)
"""chat.startStream: tier 2, 20 and more a minute; chat.appendStream is tier 4, 100 and more."""

STREAMS_IN_ROOM = Rate(calls=1, per=timedelta(seconds=1), burst=5)

REACTIONS = Rate(calls=40, per=timedelta(minutes=1), burst=20)
"""reactions.add tier 3, reactions.remove tier 2 (20 and more a minute), counted apart."""

REACTIONS_IN_ROOM = Rate(calls=1, per=timedelta(seconds=1), burst=8)

PREVIEW_INTERVAL = timedelta(seconds=1.2)
RATE_LIMITED = timedelta(seconds=30)
"""How long to wait where Slack says "too often" and not until when."""

# == hearing ======================================================================================

PING_SECONDS = 5.0
"""Between two pings on the socket; a lost connection is noticed within four."""

STUCK_SECONDS = 60.0
"""Without a connection for so long, the socket is thrown away and made anew."""

PAGE = 200
"""Messages in one answer of conversations.history: 999 at most, 200 recommended."""

MOST_CAUGHT_UP = 5_000
"""Messages of one room that are read again after a downtime."""

MOST_THREADS = 200
"""Threads that are read again after a downtime: where the bot posted, then those heard of last."""

CATCH_UP = timedelta(days=14)
"""What was said longer ago is not handed in any more."""

REMEMBER_THREADS = timedelta(days=90)
"""After so long without a word, a thread is forgotten: the bot must be mentioned there again."""

GIVE_WAY_SECONDS = 20.0
"""So long a room waits for what was missed before what is new is handed in ahead of it."""

AT_ONCE = 4
"""Rooms that are caught up at the same time: history is tier 3, 50 and more calls a minute."""

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between two tries at what must succeed for the account to hear anything."""

STORE_PAUSE_SECONDS = 0.5
"""After this long, what could not be kept is handed in again."""

MOST_NAMES = 5_000
"""People and rooms whose names are kept in mind."""

FRESH_NAME_SECONDS = 600
"""A name that was asked for this long ago is asked for again: people change theirs."""

MISSED_NAME_SECONDS = 60
"""A name that could not be had this long ago is asked for again; nobody waits for it till then."""

MOST_RECENT = 5_000
"""Messages handed in that are kept in mind, to tell Slack's repeats without asking the store."""

# == finding out ==================================================================================

RESOLVE_PAGES = 10
RESOLVE_BACK = timedelta(days=3)
"""How far back a part is looked for when it is not known when it was sent: after a restart."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""What Slack's clock and ours may differ by."""
