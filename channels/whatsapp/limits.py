"""What Twilio and WhatsApp allow: every limit that is theirs, with where it is written.

[doc]: official documentation; [seen]: reported by others, not verified here.
"""

from datetime import timedelta

from channels.limits import Rate

BODY = 1600
"""UTF-16 units of a message. [doc] https://www.twilio.com/docs/api/errors/21617"""

LONGEST_BODIES = (BODY, 4096)
"""UTF-16 units at which what someone writes comes in pieces: Twilio's, and WhatsApp's. [seen]"""

TEMPLATE_BODY = 1024
"""UTF-16 units of a quick reply's body. [doc] https://www.twilio.com/docs/content/twilio-quick-reply"""

TEMPLATE_TEXT = 900
"""Where quick replies may be sent a text is cut here, so that the choices fit in below it."""

MOST_BUTTONS = 3
"""Quick replies without approval, within the window. [doc] the same page."""

BUTTON_TITLE = 20
"""Characters. [doc] the same page."""

IMAGE_BYTES = 5_000_000
FILE_BYTES = 16_000_000
"""[doc] https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages"""

SHOWN_MIMES = frozenset(
    {
        "image/jpeg", "image/png", "image/webp",
        "audio/ogg", "audio/amr", "audio/3gpp", "audio/aac", "audio/mpeg", "audio/mp4",
        "video/mp4", "video/3gpp",
        "application/pdf", "application/msword", "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint", "text/vcard",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    }
)  # fmt: skip
"""What WhatsApp takes as a file. [doc] the same page."""

WINDOW = timedelta(hours=24)
"""After a person's last message. [doc] https://www.twilio.com/docs/api/errors/63016"""

ACCOUNT = Rate(calls=80)
"""Messages of one sender. [doc] https://www.twilio.com/docs/whatsapp/api#rate-limiting"""

SANDBOX_ACCOUNT = Rate(calls=1, per=timedelta(seconds=3))
"""[doc] https://www.twilio.com/docs/whatsapp/sandbox"""

PLACE = Rate(calls=1, per=timedelta(seconds=6), burst=5)
"""To one person: Meta's pair limit. [seen] its error 131056, Twilio's 63018"""

TYPING = timedelta(seconds=20)
"""It shows for 25 s. [doc] https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource"""

WEBHOOK_PATIENCE = 8.0
START_PATIENCE = 4.0
"""Seconds; both together less than the 15 that Twilio waits for an answer.

[doc] https://www.twilio.com/docs/api/errors/11205
"""

SANDBOX = "whatsapp:+14155238886"
"""Everyone's number for trying. [doc] https://www.twilio.com/docs/whatsapp/sandbox"""
