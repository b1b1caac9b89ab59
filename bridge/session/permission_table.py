"""The one table of permissions: what may be asked, by whom, and in which kind of place.

It is data. `bridge.session.permissions` asks it for a session; the table in `docs/security.md` and
who may use a slash command are made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from bridge import admission_texts, session_texts, texts
from bridge.domain.commands import (
    Answer,
    Archive,
    Ask,
    Change,
    ChangeRole,
    Command,
    Delete,
    Edit,
    Leave,
    Link,
    PauseSchedule,
    Push,
    React,
    RemoveSchedule,
    Retry,
    RunSchedule,
    Say,
    SetSchedule,
    Stop,
    StopBackground,
    Trigger,
    Undo,
    Unlink,
    Withdraw,
)
from bridge.domain.events import Role

ROLES: tuple[Role, ...] = get_args(Role)
"""From the strongest to the weakest."""

Kind = Literal["private", "room"]
"""What a place is: one person reads a private one, a room more than one."""

Where = Literal["anywhere", "private", "room"]

Named = Literal[
    "leave",
    "take one's own place out",
    "change the title",
    "arrange one's own schedule",
    "see schedules",
    "see the background",
    "ask again about a tool",
    "change what is opened",
    "look",
    "know oneself",
    "choose one's name",
    "see who is here",
    "read usage",
    "choose a session",
    "read what was said",
    "copy a session",
    "have a file of it",
    "choose what rings",
    "get a code",
    "undo a code",
    "invite",
    "ask to be let in",
    "answer a request",
    "share a room",
    "free a room",
    "run the bridge",
    "undo one's own",
    "have it summed up",
]
"""What is asked of the bridge and is no command of a session, or a milder case of one."""

Act = type[Command] | Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may do something. `needs`: the weakest role, or None where no role decides.

    `of`: the command that it is a milder case of. `note`: what else decides, in words; where no
    role decides and there is none, everyone who is let in may.
    `proven`: only for an id that the platform vouches for.
    `whose` and `place` are what people are told who have not the role that it takes, or ask for it
    in another kind of place.
    """

    act: Act
    what: str
    needs: Role | None = "owner"
    where: Where = "anywhere"
    of: type[Command] | None = None
    note: str = ""
    proven: bool = False
    whose: str = ""
    place: str = ""


RULES = (
    Rule(act=Say, what="speak", needs="member"),
    Rule(act=Retry, what="have asked once more what was given up", needs="member"),
    Rule(act=Edit, what="correct one's own words", needs="member"),
    Rule(act=Delete, what="take back one's own words", needs="member"),
    Rule(act=React, what="react to a message by an emoji", needs="member"),
    Rule(act=Undo, what="take the last exchange back from what the agent remembers"),
    Rule(
        act="undo one's own",
        what="take it back where nobody else asked in it",
        needs="member",
        of=Undo,
    ),
    Rule(act="have it summed up", what="have the agent sum up what it remembers, at once"),
    Rule(act=Answer, what="answer a question, approve a call", needs="member"),
    Rule(act=Stop, what="stop the agent", needs="member"),
    Rule(act=StopBackground, what="stop what works in the background", needs="member"),
    Rule(
        act="see the background",
        what="see what works in the background, and read it",
        needs="viewer",
    ),
    Rule(act=Push, what="say something as it is, by `bridge send` or a program", needs="member"),
    Rule(act=Ask, what="ask people something by a program, and wait for it", needs="member"),
    Rule(
        act=Withdraw,
        what="take back what a program asked",
        needs="member",
        note="who asked it, or an owner",
    ),
    Rule(act=Trigger, what="ask the agent by a program", needs="member"),
    Rule(act=SetSchedule, what="set a schedule", needs="member"),
    Rule(
        act=RemoveSchedule,
        what="change or remove a schedule of somebody else",
        whose=texts.SCHEDULE_OF_OTHERS,
    ),
    Rule(
        act=PauseSchedule,
        what="pause a schedule of somebody else, or let it go on",
        whose=texts.SCHEDULE_OF_OTHERS,
    ),
    Rule(
        act=RunSchedule,
        what="have a schedule of somebody else run now",
        whose=texts.SCHEDULE_OF_OTHERS,
    ),
    Rule(
        act="arrange one's own schedule",
        what="change, pause, run or remove a schedule of one's own",
        needs="member",
        of=RemoveSchedule,
    ),
    Rule(act="see schedules", what="see the schedules", needs="viewer"),
    Rule(act=Link, what="let a place of one's own follow the session", needs="viewer"),
    Rule(act=Unlink, what="take a place out of it"),
    Rule(
        act="take one's own place out",
        what="take a place of one's own out of it",
        needs="viewer",
        of=Unlink,
    ),
    Rule(act=Leave, what="put somebody out"),
    Rule(act="leave", what="leave", needs="viewer", of=Leave),
    Rule(act=ChangeRole, what="change a role"),
    Rule(act=Archive, what="end the session"),
    Rule(act=Change, what="change a setting"),
    Rule(
        act="change what is opened",
        what="change a setting that an owner opened to members",
        needs="member",
        of=Change,
    ),
    Rule(
        act="ask again about a tool",
        what="be asked again about a tool that may always run",
        needs="member",
        of=Change,
    ),
    Rule(act="change the title", what="change the title", needs="member", of=Change),
    Rule(act="look", what="see what one can do, what is going on and what is chosen", needs=None),
    Rule(
        act="know oneself",
        what="see one's own id and role",
        needs=None,
        note="anyone, a stranger too",
    ),
    Rule(act="choose one's name", what="choose what one is called", needs="viewer"),
    Rule(act="see who is here", what="see who is here, and from where", needs="viewer"),
    Rule(act="read usage", what="see what was used", needs="viewer"),
    Rule(
        act="choose a session",
        what="begin a session in one's own chat, see one's sessions, go to another",
        needs=None,
        where="private",
        note="one that one is in, and let in to there",
        proven=True,
        place=session_texts.CHOOSE_IN_PRIVATE,
    ),
    Rule(
        act="read what was said",
        what="be told the last messages",
        needs="viewer",
        where="private",
        place=session_texts.CHOOSE_IN_PRIVATE,
    ),
    Rule(
        act="copy a session",
        what="begin a session of one's own with a copy of this one",
        needs="viewer",
        where="private",
        proven=True,
        place=session_texts.CHOOSE_IN_PRIVATE,
    ),
    Rule(
        act="have a file of it",
        what="have what one may read of the session as a file, in private",
        needs="viewer",
        proven=True,
    ),
    Rule(
        act="choose what rings",
        what="choose what rings for oneself",
        needs="viewer",
        where="private",
        place=session_texts.NOTIFY_IN_PRIVATE,
    ),
    Rule(
        act="get a code",
        what="get a code for another app",
        needs="member",
        where="private",
        proven=True,
        place=texts.LINK_IN_PRIVATE,
    ),
    Rule(
        act="undo a code",
        what="undo what a code gave",
        needs=None,
        note="whoever made the code",
        proven=True,
        whose=texts.NOT_YOURS_TO_UNDO,
    ),
    Rule(
        act="invite",
        what="invite somebody into the session",
        where="private",
        proven=True,
        place=admission_texts.INVITE_IN_PRIVATE,
    ),
    Rule(
        act="ask to be let in",
        what="ask to be let in",
        needs=None,
        note="anyone, a stranger too",
    ),
    Rule(
        act="answer a request",
        what="see who asks to be let in, and answer them",
        needs=None,
        where="private",
        note="the bridge's owner",
        proven=True,
        whose=admission_texts.REQUESTS_OWNER,
        place=admission_texts.REQUESTS_IN_PRIVATE,
    ),
    Rule(
        act="share a room",
        what="let a room follow another session",
        note="of both sessions, or of the bridge",
        where="room",
        whose=admission_texts.FOLLOW_OWNERS,
        place=admission_texts.FOLLOW_ROOMS,
    ),
    Rule(
        act="free a room",
        what="give a room a session of its own again",
        note="of either session, or of the bridge",
        whose=admission_texts.UNFOLLOW_OWNERS,
    ),
    Rule(
        act="run the bridge",
        what="have it looked at and copied, see what all used, let people in and put them out",
        needs=None,
        note="the bridge's owner",
        whose=texts.OPERATOR_ONLY,
    ),
)

TABLE: Mapping[Act, Rule] = {each.act: each for each in RULES}

REASONS: Mapping[Role, str] = {
    "owner": texts.OWNERS_ONLY,
    "member": texts.READ_ONLY,
    "viewer": texts.NOT_IN_SESSION,
}
"""What people are told whose role is too weak for a rule that has no words of its own."""


def reaches(role: Role | None, needed: Role | None) -> bool:
    """Say whether a role, None for nobody of the session, is as strong as the one needed."""
    if role is None or needed is None:
        return needed is None
    return ROLES.index(role) <= ROLES.index(needed)


def rule_for(act: Act) -> Rule:
    """Return what the table says of something; what is not in it needs an owner."""
    return TABLE.get(act) or Rule(act=act, what="anything else")


def roles_for(act: Act) -> tuple[Role, ...]:
    """Return the roles that may do something."""
    return tuple(each for each in ROLES if reaches(each, rule_for(act).needs))
