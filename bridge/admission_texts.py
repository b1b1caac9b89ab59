"""What people are told of codes, of rooms and of who is let in. Markdown, as in `texts`."""

from collections.abc import Sequence

# -- codes ----------------------------------------------------------------------------------------


def known_as(name: str) -> str:
    return (
        f"You are **{name}** here already, and one account belongs to one person. "
        "The code no longer works."
    )


def joined_as_you(name: str, user: str, app: str, grant: str) -> str:
    return (
        f"**{name}** ({user}, {app}) joined as you. If that is not you, undo it: press the button, "
        f"or send `/unlink {grant}`."
    )


def became_owner(name: str, user: str, app: str, grant: str) -> str:
    return (
        f"**{name}** ({user}, {app}) became an owner with your code. If that is wrong, undo it: "
        f"press the button, or send `/unlink {grant}`."
    )


UNDO = "Undo"


def undone(name: str, app: str) -> str:
    return f"Undone: **{name}** ({app}) is a stranger again."


def code_was_seen(name: str, app: str) -> str:
    return (
        f"**{name}** sent your code where others can read it ({app}). It no longer works; "
        "`/link` in private makes a new one."
    )


def code_was_refused(name: str, user: str, app: str) -> str:
    return (
        f"**{name}** ({user}, {app}) sent your code but could not become you. It no longer works; "
        "`/link` in private makes a new one."
    )


# -- rooms ----------------------------------------------------------------------------------------

THIS_ROOM = "This room"
FOLLOW_ROOMS = "`/follow` and `/unfollow` are for rooms. Write them to me in the room."
FOLLOW_OWNERS = (
    "Only someone who owns both sessions can do that: the one this room has now, and the one it is "
    "to follow."
)
UNFOLLOW_OWNERS = "Only an owner of this session, or of the room's own, can do that."
OWN_SESSION = "This room has a session of its own already."
ADDED = "Hello. Mention me to begin; this room gets a session of its own then."


def which_session(found: Sequence[tuple[str, str]]) -> str:
    if not found:
        return "You own no session of this name. `/follow` with its title or id names one."
    lines = [f"- {title or 'untitled'}: `/follow {session}`" for session, title in found]
    return "\n".join(["There is more than one. Which one?", *lines])


def follows_already(title: str) -> str:
    return f"This room follows **{title or 'this session'}** already."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def follow_asked(
    *, room: str, title: str, people: int, places: int, readers: int | None, command: str
) -> str:
    """Say who will read what before a room follows a session."""
    named = f"**{title or 'the session'}**"
    shared = f"{_counted(people, 'person', 'people')} in {_counted(places, 'place', 'places')}"
    many = "how many they are I cannot see" if readers is None else f"up to {readers} people"
    return "\n\n".join(
        [
            f"If **{room}** follows {named}:",
            f"- everyone in this room ({many}) reads what is said in {named} from then on.",
            f"- {named} ({shared}) reads what is said here.",
            "Nothing that was said before is shown.",
            f"To do it, send `{command}` here within ten minutes.",
        ]
    )


def follows_now(title: str) -> str:
    return f"This room follows **{title or 'the session'}** from now on. `/unfollow` ends that."


def room_joined(room: str, app: str) -> str:
    return (
        f"The room **{room}** ({app}) follows this session from now on: people there read what is "
        "said here, and you read what is said there."
    )


def room_went(room: str, app: str, title: str) -> str:
    return f"The room **{room}** ({app}) now follows **{title or 'another session'}**."


def room_left(room: str, app: str) -> str:
    return f"The room **{room}** ({app}) no longer follows this session."


def unfollowed(title: str) -> str:
    return (
        f"This room no longer follows **{title or 'that session'}**: it has a session of its own."
    )


# -- putting people out ---------------------------------------------------------------------------

KICK_SELF = "You cannot remove yourself."
KICK_OWNER = "The owner of this bridge cannot be removed."
LET_IN_AS_OWNER = "owner of the bridge"


def kick_whom(found: Sequence[tuple[str, str]]) -> str:
    if not found:
        return "There is nobody of that name in this session. `/status` says who is here."
    lines = [f"- {name}: `/kick {who}`" for who, name in found]
    return "\n".join(["More than one person has that name. Which one?", *lines])


def kicked(name: str) -> str:
    return f"**{name}** was removed from this session, and stays out until an owner says otherwise."


def removed(name: str, by: str) -> str:
    return f"_{by} removed {name}._"


def let_in_by_list(account: str, user: str) -> str:
    return f"channels.{account}.allow: {user}"


def let_in_by_code(account: str, session: str, grant: str) -> str:
    return f"code {grant}: {account}, session {session}"
