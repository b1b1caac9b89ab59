"""How much, how long and how often. What is a standard's has its source beside it."""

from datetime import timedelta

from channels.limits import Rate

MAX_CHARS = 100_000
"""Of an answer. Mail has no limit of its own; a longer one is easier to read in two."""

MAX_FILES = 10
MAX_FILE_BYTES = 15_000_000
"""Encoded, a file takes a third more; most servers take mails of 25 MB."""

MOST_BYTES = 25_000_000
"""Of a mail that is read."""

MOST_PARTS, DEEPEST = 200, 20
"""Of a mail that is taken apart; what is beyond is told in a line."""

MOST_TEXT = 200_000
"""Characters of a mail's words that are read; what is beyond is told in a line."""

MOST_HTML = 2_000_000
"""Characters of a page that are read, and bytes of a text."""

MOST_HEAD = 500_000
"""Bytes of all headers. Gmail takes as many."""

LONGEST_HEADER = 20_000
LONGEST_WORDS = 4_000
"""Characters of a header that says words or names people: they are searched for encoded ones."""

LONGEST_CONTENT_HEADER = 4_000
"""Characters of a header on what a part is: Python searches it anew for each parameter."""

LONGEST_SUBJECT = 200

MOST_LINES, MOST_OBJECTS, MOST_STEPS = 1_000_000, 20_000, 30_000_000
"""Of a mail that is taken apart: a line may be a header, a part is an object of a thousand bytes,
and each line is looked at for each boundary. Encoded, 25 MB are 350,000 lines."""

MOST_PER_HOUR = 60
"""Mails of one sender: nobody types faster, and no loop that passes all else goes on faster."""

MOST_REPLIES = 60
"""Mails in an hour to one domain that tell of a refusal, or answer a command."""

MOST_SENDERS = 10_000
"""Senders whose mails are counted at the same time."""

MOST_REFERENCES = 20
"""Ids of a thread that are named again; RFC 5322 lets a line have 998 octets, folded anywhere."""

MOST_TRIES = 10
"""To fetch a mail whose server says no, or hangs up, and goes on as if nothing was."""

MOST_WAITING = 50
"""Mails that are read before the first of them is stored."""

FIRST_LOOK = timedelta(hours=1)
"""How far back the very first look goes."""

RENUMBERED_OVERLAP = timedelta(days=1)
"""How far back is looked again where a folder has new numbers: a server's date may be late."""

CONNECT_SECONDS = 20.0
CALL_SECONDS = 60.0
SMTP_SECONDS = 60.0
DATA_SECONDS = 300.0
"""RFC 5321, 4.5.3.2.6, lets a server take ten minutes after the last line."""

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before a server is tried again, by the failures in a row."""

BRIEF_IDLE = 5.0
"""Seconds of the first wait after a mail: of one that comes just then IDLE may not tell."""

BUSY = timedelta(minutes=5)
"""How long to wait where a server says that it is too much, and not until when (greylisting)."""

USED_UP_FOR = timedelta(minutes=30)
"""How long to wait where an account sent all that it may in an hour, or a day."""

ACCOUNT = Rate(calls=120, per=timedelta(minutes=1))
PLACE = Rate(calls=30, per=timedelta(minutes=1))
