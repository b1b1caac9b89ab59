"""What channels hear, handed in to a real intake over a real dispatcher; nobody answers."""

from dataclasses import dataclass, field, replace

from bridge.domain.commands import EndRun, StartRun
from bridge.domain.content import Content, Option
from bridge.domain.events import PlannedCall, QuestionAsked
from bridge.domain.ids import (
    START,
    CallId,
    ChannelName,
    ConversationId,
    MessageId,
    QuestionId,
    RunId,
    SessionId,
)
from bridge.domain.inbound import Inbound, Pressed, Sender, Spoken
from bridge.domain.parts import Address, Reply
from bridge.domain.run_output import Asking
from bridge.engine.dispatcher import Dispatcher
from bridge.engine.inbound.downloads import Downloads
from bridge.engine.inbound.intake import Intake
from bridge.engine.last_inbound import LastInbound
from bridge.engine.names import DisplayNames
from bridge.session.admission import Account
from bridge.session.budget import Budgets
from bridge.session.routing import SHARED, answer_button
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs
from tests.engine.rig import ANYONE, OWNER, SetClock, agent_registry
from tests.playbook import Q1

CHAT, MAIL = ChannelName("chat"), ChannelName("mail")
R1 = RunId("r_1")
TEA = (Option(id="t", label="Tea"), Option(id="c", label="Coffee"))
YES_NO = (Option(id="approve", label="Approve"), Option(id="deny", label="Deny"))


@dataclass
class Doorway:
    """The intake of two accounts, over a real dispatcher; nobody answers."""

    chat: Account = ANYONE
    mail: Account = ANYONE
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: SetClock = field(default_factory=SetClock)
    revived: list[ConversationId] = field(default_factory=list)
    channels: dict = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)
    accounts: dict[ChannelName, Account] | None = None
    budgets: Budgets = Budgets()  # noqa: RUF009 - frozen
    heard: int = 0

    def __post_init__(self) -> None:
        self.blobs = MemoryBlobs(clock=self.clock, max_bytes=1000)

    async def open(self) -> "Doorway":
        known = self.accounts
        self.dispatcher = Dispatcher(
            self.store,
            self.clock,
            DisplayNames(self.store, {CHAT: "Chat", MAIL: "Mail"}),
            woken=lambda _, __: None,
            agents=agent_registry(),
            accounts={CHAT: self.chat, MAIL: self.mail} if known is None else known,
            count=self.count,
            budgets=self.budgets,
        )
        self.intake = Intake(
            self.store,
            self.dispatcher,
            admission=self.dispatcher.admission,
            places=self.dispatcher.places,
            pairing=self.dispatcher.pairing,
            members=self.dispatcher.people.members,
            commands=self.dispatcher.slash_commands,
            asking=self.dispatcher.asking,
            fetching=Downloads(self.channels, self.blobs, self.clock),
            clock=self.clock,
            last_inbound=LastInbound(self.clock),
            woken=self.revived.append,
            unread=self.dispatcher.notices.unread,
            taken=self.dispatcher.notices.taken,
            languages=self.dispatcher.languages,
            wishes=self.dispatcher.wishes,
        )
        await self.store.enrol(
            OWNER, name="Owner", realm="bridge", user="owner", at=self.clock.now()
        )
        await self.dispatcher.create(SHARED, title="Main", owner=OWNER)
        return self

    async def count(self, address: Address) -> int | None:
        return self.readers.get(address.place)

    async def hear(self, what, user="ada", *, place="dm", channel=CHAT, key="", **more):
        """Hand in what someone did; each time under a key of its own, unless one is given."""
        self.heard += 1
        inbound = Inbound(
            external_id=key or f"x{self.heard}",
            address=Address(channel=channel, place=place),
            sender=Sender(
                realm=more.get("realm", channel),
                user=user,
                name=user.title(),
                proven=more.get("proven", True),
            ),
            what=what,
            room=more.get("room", False),
            title=more.get("title", ""),
        )
        return await self.intake(inbound)

    async def say(self, text: str, user="ada", **more) -> Reply | None:
        message = MessageId(more.pop("message", f"m{self.heard + 1}"))
        reply_to = more.pop("reply_to", None)
        addressed = more.pop("addressed", True)
        spoken = Spoken(
            message=message,
            content=Content(text=text),
            addressed=addressed,
            implied=more.pop("implied", False),
            reply_to=reply_to,
            files=more.pop("files", ()),
            quoted=more.pop("quoted", None),
            more=more.pop("more", False),
        )
        return await self.hear(spoken, user, **more)

    async def log(self, session: SessionId = SHARED):
        return [each.body for each in await self.store.read(session, after=START, limit=999)]

    async def last(self):
        return (await self.log())[-1]

    async def there(self, place="dm", channel=CHAT):
        found = await self.store.conversation_at(Address(channel=channel, place=place))
        assert found is not None
        return found

    async def let_ask(
        self,
        session: SessionId = SHARED,
        question: QuestionId = Q1,
        call: str = "",
        run: RunId = R1,
    ) -> None:
        """Let a run end on a question; with a `call` it is about that."""
        if session == SHARED:
            await self.say("hello")
        asking = Asking(question=question, kind="choice", text="Tea or coffee?", options=TEA)
        if call:
            planned = PlannedCall(call=CallId("k_1"), name="shell", arguments=call)
            asking = replace(asking, kind="approval", call=planned, options=YES_NO)
        await self.dispatcher.submit(session, StartRun(run=run, agent="echo", node="n"))
        head = await self.store.head(session)
        await self.dispatcher.submit(session, EndRun(run=run, upto=head, questions=(asking,)))

    async def card(self, option: int, session: SessionId = SHARED) -> Pressed:
        """Return a press on the card of the question that a session asked last."""
        events = await self.store.read(session, after=START, limit=999)
        asked = [each for each in events if isinstance(each.body, QuestionAsked)][-1]
        return Pressed(value=answer_button(session, asked.seq, asked.body, option))


def refused(text: str) -> Reply:
    return Reply(text=text, refused=True)
