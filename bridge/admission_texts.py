"""What people are told about codes, rooms and who is let in. Markdown, as in `texts`."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge import texts
from bridge.domain.display_names import clean_line, clean_title, typed
from bridge.domain.wording import _, _n, composed, together
from bridge.texts import titled

LONGEST_WORK = 100
"""Characters of a task in the background that are told."""

# -- codes ----------------------------------------------------------------------------------------


def known_as(name: str) -> str:
    return _(
        "I know you here as **{name}** already, and one account belongs to one person. The code "
        "no longer works.",
        name=name,
    )


def joined_as_you(name: str, user: str, app: str, grant: str) -> str:
    return _(
        "**{name}** ({user}, {app}) joined as you. If that is not you, undo it: press the "
        "button, or send `/unlink {grant}`.",
        name=name,
        user=user,
        app=app,
        grant=grant,
    )


def became_owner(name: str, user: str, app: str, grant: str) -> str:
    return _(
        "**{name}** ({user}, {app}) became an owner with your code. If that is wrong, undo it: "
        "press the button, or send `/unlink {grant}`.",
        name=name,
        user=user,
        app=app,
        grant=grant,
    )


UNDO = _("Undo")


def undone_one(name: str, app: str) -> str:
    return _(
        "Undone: **{name}** ({app}) is let in by this no more; what else they have here stays.",
        name=name,
        app=app,
    )


def undone(name: str, app: str, *, known: bool = False, still_in: bool = False) -> str:
    """`known`: as themselves, who only were an owner by it. `still_in`: by something else."""
    whom = composed("**{name}** ({app})", name=name, app=app)
    done = (
        _("Undone: {person} is no owner by it any more.", person=whom)
        if known
        else _("Undone: I do not know {person} any more.", person=whom)
    )
    more = [_("They are still let in by the configuration, or by somebody else.")]
    return together(" ", [done, *(more if still_in else [])])


def always_taken_back(tool: str) -> str:
    return _("*Always* for `{tool}`", tool=tool)


def may_taken_back(setting: str) -> str:
    return _("that members may change the {setting}", setting=setting)


def role_taken_back(name: str) -> str:
    return _("that **{name}** is an owner", name=name)


def role_changed(name: str) -> str:
    return _("the role of **{name}**", name=name)


def schedule_taken_back(text: str) -> str:
    return _("a schedule, which is paused now ({text})", text=typed(text))


def work_taken_back(task: str) -> str:
    return _(
        "work in the background, which is stopped now ({text})",
        text=typed(clean_line(task, LONGEST_WORK)),
    )


def taken_back(back: Sequence[str], changed: Sequence[str], answered: int) -> str:
    """Say what was taken back with an identity, and what to look at again; "" for nothing."""
    lines = []
    if back:
        lines.append(
            _(
                "I also took this back, because it was allowed under the same name since then: "
                "{what}. If that was right, allow it again.",
                what=together(", ", back),
            )
        )
    if changed:
        lines.append(
            _(
                "Changed under the same name since then, and I cannot tell by whom: "
                "{settings}. Check that it is right.",
                settings=together(", ", changed),
            )
        )
    if answered:
        lines.append(
            _n(
                "They answered {count} question. What that started is not undone.",
                "They answered {count} questions. What that started is not undone.",
                answered,
            )
        )
    return together("\n\n", lines)


def code_was_unproven(name: str, app: str) -> str:
    return _(
        "**{name}** sent your code from {app}, which does not prove to me who is writing. It no "
        "longer works; `/link` in private makes a new one.",
        name=name,
        app=app,
    )


def code_was_seen(name: str, app: str) -> str:
    return _(
        "**{name}** sent your code where others can read it ({app}). It no longer works; `/link` "
        "or `/invite` in private makes a new one.",
        name=name,
        app=app,
    )


def code_is_a_title(app: str) -> str:
    return _(
        "A room is called like your code now, where others can read it ({app}). It no longer "
        "works; `/link` or `/invite` in private makes a new one.",
        app=app,
    )


def code_is_shown(app: str) -> str:
    return _(
        "Your code stands in a room now, where others can read it ({app}). It no longer works; "
        "`/link` or `/invite` in private makes a new one.",
        app=app,
    )


def code_was_said(name: str, title: str) -> str:
    return _(
        "**{name}** said your code in {session}, where others can read it. It no longer works; "
        "`/link` or `/invite` in private makes a new one.",
        name=name,
        session=titled(title, "a session"),
    )


def code_was_refused(name: str, user: str, app: str) -> str:
    return _(
        "**{name}** ({user}, {app}) sent your code but could not become you. It no longer works; "
        "`/link` in private makes a new one.",
        name=name,
        user=user,
        app=app,
    )


# -- rooms ----------------------------------------------------------------------------------------

THIS_ROOM = _("This room")
FOLLOW_ROOMS = _("`/follow` is for rooms. Write it to me in the room.")
FOLLOW_OWNERS = _(
    "Only someone who owns both sessions can do that: the session of this room, and the session "
    "that the room is to follow."
)
UNFOLLOW_OWNERS = _("Only an owner of this session, or of the room's own session, can do that.")
OWN_SESSION = _("This room has a session of its own already.")
ADDED = _("Hello. Mention me to begin. This room then gets a session of its own.")


def which_session(found: Sequence[tuple[str, str]]) -> str:
    if not found:
        return _("You own no session with this name. Write `/follow` and its title or id.")
    lines = [
        composed(
            "- {title}: `/follow {session}`",
            title=clean_title(title) or UNTITLED,
            session=session,
        )
        for session, title in found
    ]
    return together("\n", [_("There is more than one. Which one?"), *lines])


def follows_already(title: str) -> str:
    return _("This room follows {session} already.", session=titled(title, "this session"))


UNTITLED = _("untitled")


def _people(count: int) -> str:
    return _n("{count} person", "{count} people", count)


def follow_asked(
    *, room: str, title: str, people: int, places: int, readers: int | None, command: str
) -> str:
    """Say who will read what before a room follows a session."""
    named = titled(title, "the session")
    many = (
        _("I cannot see how many") if readers is None else _("up to {count} people", count=readers)
    )
    return together(
        "\n\n",
        [
            _("If **{room}** follows {session}:", room=room, session=named),
            _(
                "- everyone in this room ({many}) reads what is said in {session} from then on.",
                many=many,
                session=named,
            ),
            _(
                "- {session} ({people} in {places}) reads what is said here.",
                session=named,
                people=_people(people),
                places=_n("{count} place", "{count} places", places),
            ),
            _("Nothing that was said before is shown."),
            _("To do it, send `{command}` here within ten minutes.", command=command),
        ],
    )


MORE_READ = _("Since I asked, the people who would read this have changed. So I ask again.")


def follows_now(title: str) -> str:
    return _(
        "This room now follows {session}. `/unfollow` ends that.",
        session=titled(title, "the session"),
    )


def which_room(found: Sequence[tuple[str, str, str]]) -> str:
    if not found:
        return _("No room of this name follows this session.")
    lines = [f"- {title} ({app}): `/unfollow {room}`" for room, title, app in found]
    return together("\n", [_("Which room should have a session of its own again?"), *lines])


def room_joined(room: str, app: str) -> str:
    return _(
        "The room **{room}** ({app}) now follows this session: people there read what is said "
        "here, and you read what is said there.",
        room=room,
        app=app,
    )


def room_went(room: str, app: str, title: str) -> str:
    return _(
        "The room **{room}** ({app}) now follows {session}.",
        room=room,
        app=app,
        session=titled(title, "another session"),
    )


def room_left(room: str, app: str) -> str:
    return _("The room **{room}** ({app}) no longer follows this session.", room=room, app=app)


def unfollowed(title: str) -> str:
    return _(
        "The room no longer follows {session}: it has a session of its own.",
        session=titled(title, "that session"),
    )


# -- putting people out ---------------------------------------------------------------------------

KICK_WHOM = _("Write `/kick NAME`. `/who` says who is here.")
KICK_SELF = _("You cannot remove yourself.")
KICK_OWNER = _("The owner of this bridge cannot be removed.")
UNDO_OWNER = _("They own this session by now. Make them a member first, with `/role`.")
NO_SUCH_PERSON = "There is no such person here; `bridge people list` shows everyone."
LET_IN_AS_OWNER = "owner of the bridge"


def kick_whom(found: Sequence[tuple[str, str]]) -> str:
    return _which_person([f"- {name}: `/kick {who}`" for name, who in found])


def _which_person(lines: Sequence[str]) -> str:
    if not lines:
        return _("There is nobody with that name in this session. `/who` says who is here.")
    return together("\n", [_("More than one person has that name. Which one?"), *lines])


LAST_OWNER = _(
    "The session would have no owner. Make someone else an owner first: `/role NAME owner`."
)
LEFT = _("You left this session. What is said in it is not shown to you any more.")
LEFT_ALREADY = _("This chat is not part of a session, so there is nothing to leave.")
ROLE_HOW = _("Write `/role NAME owner`, `/role NAME member` or `/role NAME viewer`.")
ROLE_OWNER = _("The owner of this bridge stays an owner.")


def role_whom(found: Sequence[tuple[str, str]], role: str) -> str:
    return _which_person([f"- {name}: `/role {who} {role}`" for name, who in found])


def role_given(name: str, role: str) -> str:
    return _("**{name}** is {role} now.", name=name, role=ROLE_WORDS[role])


ROLE_WORDS = {"owner": _("an owner"), "member": _("a member"), "viewer": _("a viewer")}
ROLE_NAMES = {"owner": _("owner"), "member": _("member"), "viewer": _("viewer")}


def who_is_here(
    people: Sequence[tuple[str, str, Sequence[str]]], rooms: Sequence[tuple[str, str]]
) -> str:
    """Say who is in a session, in which role and from which apps; and which rooms follow it."""
    lines = [
        composed(
            "- **{name}** ({role}): {places}",
            name=name,
            role=ROLE_NAMES.get(role, role),
            places=", ".join(places) or _("no chat app"),
        )
        for name, role, places in people
    ]
    lines += [_("- room **{title}** ({app})", title=title, app=app) for title, app in rooms]
    return together("\n", lines)


def who_you_are(
    *, name: str, who: str, role: str | None, accounts: Sequence[tuple[str, str]], asked_in: str
) -> str:
    """Say who someone is: `accounts` are (app, id), left out where others read along."""
    part = (
        _("You are {role} of this session.", role=ROLE_WORDS[role])
        if role
        else texts.NOT_IN_SESSION
    )
    lines = [together(" ", [_("You are **{name}**, `{who}`.", name=name, who=who), part])]
    lines += [f"- {app}: `{user}`" for app, user in accounts]
    return together("\n", [*lines, *([asked_in] if asked_in else [])])


APPS_IN_PRIVATE = _("Ask in private to see the apps that I know you in.")


def you_are_called(name: str) -> str:
    return _("People here call you **{name}**. To change that, send `/me` and a name.", name=name)


def called_now(name: str) -> str:
    return _("People call you **{name}** from now on, in every app.", name=name)


NAME_UNREADABLE = _("I cannot use this name: it needs letters or digits that people can read.")


def name_taken(name: str) -> str:
    return _(
        "I cannot call you **{name}**: somebody or something is called that already.", name=name
    )


def name_marked(name: str) -> str:
    return _(
        "I cannot call you **{name}**: I write a number or a role in brackets behind names "
        "myself, to tell people apart. Choose a name that ends otherwise.",
        name=name,
    )


def stranger_is(name: str, user: str, app: str) -> str:
    return _(
        "You are **{name}** here, `{user}` in {app}. You are not let in.",
        name=name or texts.SOMEONE,
        user=user,
        app=app,
    )


def newcomer_is(name: str, user: str, app: str) -> str:
    """Say who someone is that is let in: `user` is left out where others read along."""
    called = name or texts.SOMEONE
    if not user:
        return _(
            "You are **{name}** here, in {app}. You are in no session yet.", name=called, app=app
        )
    return _(
        "You are **{name}** here, `{user}` in {app}. You are in no session yet.",
        name=called,
        user=user,
        app=app,
    )


def kicked(name: str) -> str:
    return _(
        "**{name}** was removed from this session, and stays out until an owner lets them in "
        "again.",
        name=name,
    )


def removed(name: str, by: str) -> str:
    return _("_{by} removed {name}._", by=by, name=name)


def let_in_by_list(account: str, user: str) -> str:
    return f"channels.{account}.allow: {user}"


def let_in_by_code(account: str, session: str, grant: str) -> str:
    return f"code {grant}: {account}, session {session}"


# -- forgetting -----------------------------------------------------------------------------------

FORGET_OWNER = _("An owner of the bridge cannot be forgotten.")


def forget_busy(title: str) -> str:
    return _(
        "The agent is at work, or waits for an answer, in {session}. Write `/stop` there first.",
        session=titled(title, "this session"),
    )


def copies_left(app: str, room: str) -> str:
    """`room` is what a room is called; empty: it is their own chat with the bot."""
    if room:
        return _("{app}, the room {room}: delete its copies in the app.", app=app, room=room)
    return _("{app}, a private chat with the bot: its copies are not ours to delete.", app=app)


def listed_still(line: str) -> str:
    return _("The configuration still names them: {line}", line=line)


def named_by_others(count: int) -> str:
    return _n(
        "{count} message of somebody else names them, and stays.",
        "{count} messages of other people name them, and stay.",
        count,
    )


# -- invitations ----------------------------------------------------------------------------------

INVITE_HOW = _(
    "Write `/invite`, or `/invite web` for a link into the browser; and if you like `viewer` or "
    "`member`, `uses` and how many people, `for` and how long: `/invite viewer uses 5 for 7d`. At "
    "most 50 people, and 30 days (`30d`, `12h`, `45m`). Who comes reads nothing that was said "
    "before; with `with history` they read all of it. `/invites` shows the open invitations, "
    "`/invites revoke NUMBER` ends one."
)
INVITES_HOW = _(
    "Write `/invites` to see the open invitations, or `/invites revoke NUMBER` to end one."
)
INVITATION_SHOWN = _("Your invitation was shown once and is not stored. `/invite` makes a new one.")
INVITATION_OVER = _("This invitation does not work any more. Ask for a new one.")
IN_THE_BROWSER = _("This invitation is a link. Open it in a browser.")
NO_PAGE = _("The address of the page is not known yet. Try again in a moment.")
SIGNED_IN_ALREADY = _("This browser is signed in already. Open the link again to sign in anew.")
TOO_MANY_SIGN_INS = _("Too many invitations were tried just now. Try again in a minute.")
BEGINS_NO_SESSION = _("You are invited into one session. You cannot begin others here.")
BRINGS_NO_FILES = _("You can read in this session. You cannot send files.")
INVITATION_BUSY = _("Others used this invitation at the same moment. Send it again.")
INVITATION_REVOKED = _("This invitation does not work any more. Whoever came by it stays.")
NO_SUCH_INVITATION = _("There is no such open invitation into this session. `/invites` shows them.")
TOO_MANY_INVITATIONS = _("You have too many open invitations. `/invites` shows them.")


WITH_EARLIER = _("Who comes reads everything, also what was said before.")
WITHOUT_EARLIER = _("Who comes reads nothing that was said before.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invites:
    """What an invitation says of itself."""

    title: str
    role: str
    uses: int
    earlier: bool
    until: str

    @property
    def lead(self) -> str:
        return _(
            "This invites {people} into {session}, as {role}. {history}",
            people=_people(self.uses),
            session=titled(self.title, "this session"),
            role=ROLE_WORDS[self.role],
            history=WITH_EARLIER if self.earlier else WITHOUT_EARLIER,
        )


def invitation(invites: Invites, *, code: str, apps: Sequence[str], links: Sequence[str]) -> str:
    """`apps` are those in which it can be used; `links` send it there by a tap."""
    lead = _(
        "{invitation} Let them send this code to the bot in private ({apps}), until {until}:",
        invitation=invites.lead,
        apps=", ".join(apps),
        until=invites.until,
    )
    return together("\n\n", [lead, f"`{code}`", *links, WHOEVER_READS_IT])


def browser_invitation(invites: Invites, link: str) -> str:
    lead = _(
        "{invitation} Let them open this link in a browser, until {until}:",
        invitation=invites.lead,
        until=invites.until,
    )
    return together("\n\n", [lead, f"`{link}`", WHOEVER_READS_IT])


WHOEVER_READS_IT = _("Whoever reads this can use it. I tell you who comes, and you can undo that.")


def invitation_line(
    number: str, role: str, *, taken: int, uses: int, until: str, earlier: bool, by: str
) -> str:
    named = ROLE_NAMES.get(role, role)
    return _(
        "- `{number}` by {name}: {role}, {taken} of {uses} came, until {until}",
        name=by,
        number=number,
        role=_("{role}, with history", role=named) if earlier else named,
        taken=taken,
        uses=uses,
        until=until,
    )


def revoke_label(number: str) -> str:
    return _("Revoke {number}", number=number)


def invitations(lines: Sequence[str]) -> str:
    """List the invitations into a session, a line each."""
    if not lines:
        return _("There are no open invitations into this session.")
    return together("\n", [_("The open invitations into this session:"), *lines])


def joined_by_invitation(name: str, user: str, app: str, role: str, grant: str) -> str:
    return _(
        "**{name}** ({user}, {app}) came by your invitation, as {role}. If that is wrong, undo "
        "it: press the button, or send `/unlink {grant}`.",
        name=name,
        user=user,
        app=app,
        role=ROLE_WORDS[role],
        grant=grant,
    )


def you_joined(title: str, role: str, *, earlier: bool = False) -> str:
    joined = _(
        "You are in {session} now, as {role}.",
        session=titled(title, "the session"),
        role=ROLE_WORDS[role],
    )
    return together(" ", [joined, *([READ_EARLIER] if earlier else [])])


READ_EARLIER = _("`/history` shows what was said before.")


def in_already(title: str) -> str:
    return _(
        "You are in {session} already. The invitation is not used up.",
        session=titled(title, "the session"),
    )


# -- asking to be let in --------------------------------------------------------------------------

ASK_HOW = _(
    "I only talk to people I know. If you have a code, send it. To ask to be let in, send `ask`; "
    "or `/ask` and a few words about who you are."
)
ASKED = _("I asked the owner. If they let you in, I tell you here.")
ASK_LATER = _("Too many people are asking just now. Try again tomorrow.")
LET_IN_ALREADY = _("You are let in already.")
REQUESTS_OWNER = _("Only an owner of this bridge can answer that.")
REQUESTS_IN_PRIVATE = _("Who asks to be let in is nobody else's business. Answer it in private.")
INVITE_IN_PRIVATE = _(
    "Invitations are only for private chats, because whoever reads one may use it. Write `/invite` "
    "to me in private."
)
NO_SUCH_REQUEST = _("There is no such request, or it is over. `/admit` alone shows who is waiting.")
NOBODY_ASKS = _("Nobody is asking to be let in.")
ALLOW, ALLOW_ROOM, DENY = _("Allow"), _("Only this room"), _("Deny")
YOU_ARE_IN = _("You are let in. Write to me to begin.")


def asks_to_be_let_in(
    *,
    name: str,
    user: str,
    app: str,
    words: str,
    alike: Sequence[str],
    into: str,
    number: str,
) -> str:
    """Say who asks to be let in: everything but `into` and `number` is what strangers chose."""
    lines: list[str] = [
        _("**{name}** ({user}, {app}) asks to be let in.", name=name, user=user, app=app)
    ]
    if words:
        lines.append(_("In their words: “{words}”", words=words))
    if alike:
        names = ", ".join(f"**{each}**" for each in alike)
        lines.append(
            _("Take care: this name looks like {names}, and it is another account.", names=names)
        )
    lines.append(into)
    lines.append(
        _(
            "Press a button, or send `/admit {number}` or `/deny {number}` in private.",
            number=number,
        )
    )
    return together("\n\n", lines)


def into_session(title: str, people: int) -> str:
    return _(
        "They would take part in {session}, with {people}, and read nothing that was said before.",
        session=titled(title, "your session"),
        people=_people(people),
    )


INTO_THEIR_OWN = _("They would have a session of their own.")


def into_room(room: str, title: str) -> str:
    return _(
        "They asked in {where}, and would be let in there alone, into {session}.",
        where=_("the room **{room}**", room=room) if room else _("a room"),
        session=titled(title, "it"),
    )


def request_allowed(name: str, by: str, number: str) -> str:
    return _(
        "**{name}** was let in by {by}. `/unlink {number}` undoes it.",
        name=name,
        by=by,
        number=number,
    )


def not_let_in(name: str) -> str:
    return _("**{name}** was not let in after all.", name=name)


def request_denied(name: str, by: str) -> str:
    return _("**{name}** was not let in: {by} decided so.", name=name, by=by)


def request_expired(name: str) -> str:
    return _("**{name}** was not let in: nobody answered in time.", name=name)


def decided_already(by: str) -> str:
    return _("{by} decided that already.", by=by)


DECIDED_BY_NOBODY = _("Nobody answered that in time. They can ask again.")
IS_A_ROOM = _("This is a room, which others read. That is for a private chat.")
ASKED_IN_WHAT_IS_A_ROOM = _(
    "They asked in a private chat that is a room by now, which others read. So nobody is let in. "
    "Tell them to ask again, in private."
)
REQUESTS_BUSY = "too many requests to be let in are being changed at once; try again"


def guest_is_in(name: str, by: str) -> str:
    return _("**{name}** may talk to me here now. {by} let them in.", name=name, by=by)


def who_asks(waiting: Sequence[tuple[str, str, str, str]]) -> str:
    """List who waits: each is number, name, id and app."""
    lines = [f"- `{number}`: **{name}** ({user}, {app})" for number, name, user, app in waiting]
    return together("\n", [_("These people ask to be let in:"), *lines])
