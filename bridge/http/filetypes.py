"""How a file that someone sent is served: nothing of it may run, whatever it says it is."""

from collections.abc import Mapping
from urllib.parse import quote

from bridge.content import PICTURES, UNKNOWN_TYPE, mime_of, name_of
from bridge.ids import MediaId

SHOWN = PICTURES | {"video/mp4", "video/webm", "video/quicktime", "video/3gpp"}
"""Types that a browser shows in place, beside every `audio/…`."""

SAVED = frozenset(
    {
        "application/pdf",
        "application/zip",
        "application/json",
        "application/rtf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "text/plain",
        "text/csv",
        "text/vcard",
        "text/calendar",
    }
)
"""Types that are told, since platforms refuse documents without one, but never shown in place."""

SAFETY: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def served_type(mime: str) -> str:
    """Return the type a file is served as: one that is harmless, or that of mere bytes."""
    mime = mime_of(mime)
    harmless = mime in SHOWN or mime in SAVED or mime.startswith("audio/")
    if not harmless:
        return UNKNOWN_TYPE
    return f"{mime}; charset=utf-8" if mime.startswith("text/") else mime


def disposition(name: str, mime: str) -> str:
    """Return whether a browser may show it in place, and how it is called when it is saved."""
    mime = mime_of(mime)
    how = "inline" if mime in SHOWN or mime.startswith("audio/") else "attachment"
    name = name_of(name)
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def file_headers(media: MediaId, *, name: str, mime: str, size: int) -> dict[str, str]:
    return {
        **SAFETY,
        "Content-Type": served_type(mime),
        "Content-Length": str(size),
        "Content-Disposition": disposition(name, mime),
        "ETag": f'"{media}"',
    }
