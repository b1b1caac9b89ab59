"""What channels hear, handed in to a real intake over real desks; nobody answers."""

from dataclasses import dataclass, field

from bridge.admission import Account
from bridge.commands import Asking, EndRun, StartRun
from bridge.content import Content, Option
from bridge.ids import START, ChannelName, ConversationId, MessageId, RunId, SessionId
from bridge.inbound import Inbound, Sender, Spoken
from bridge.parts import Address, Reply
from bridge.routing import SHARED
from bridge.workers.desks import Desks
from bridge.workers.fetching import Fetching
from bridge.workers.intake import Intake
from bridge.workers.last_words import LastWords
from bridge.workers.names import Names
from storage.memory import MemoryStore
from storage.memory_blobs import MemoryBlobs
from tests.playbook import Q1
from tests.workers.rig import ANYONE, OWNER, SetClock, roster

CHAT, MAIL = ChannelName("chat"), ChannelName("mail")
R1 = RunId("r_1")
TEA = (Option(id="t", label="Tea"), Option(id="c", label="Coffee"))


@dataclass
class Doorway:
    """The intake of two accounts, over real desks; nobody answers."""

    chat: Account = ANYONE
    mail: Account = ANYONE
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: SetClock = field(default_factory=SetClock)
    revived: list[ConversationId] = field(default_factory=list)
    channels: dict = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)
    heard: int = 0

    def __post_init__(self) -> None:
        self.blobs = MemoryBlobs(clock=self.clock, max_bytes=1000)

    async def open(self) -> "Doorway":
        self.desks = Desks(
            self.store,
            self.clock,
            Names(self.store, {CHAT: "Chat", MAIL: "Mail"}),
            woken=lambda _, __: None,
            agents=roster(),
            accounts={CHAT: self.chat, MAIL: self.mail},
            count=self.count,
        )
        self.intake = Intake(
            self.store,
            self.desks,
            admission=self.desks.admission,
            places=self.desks.places,
            pairing=self.desks.pairing,
            fetching=Fetching(self.channels, self.blobs, self.clock),
            clock=self.clock,
            last_words=LastWords(self.clock),
            woken=self.revived.append,
        )
        await self.store.enrol(
            OWNER, name="Owner", realm="bridge", user="owner", at=self.clock.now()
        )
        await self.desks.create(SHARED, title="Main", owner=OWNER)
        return self

    async def count(self, address: Address) -> int | None:
        return self.readers.get(address.place)

    async def hear(self, what, user="ada", *, place="dm", channel=CHAT, key="", **more):
        """Hand in what someone did; each time under a key of its own, unless one is given."""
        self.heard += 1
        inbound = Inbound(
            external_id=key or f"x{self.heard}",
            address=Address(channel=channel, place=place),
            sender=Sender(realm=more.get("realm", channel), user=user, name=user.title()),
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

    async def let_ask(self) -> None:
        """Let a run end on a question."""
        await self.say("hello")
        await self.desks.submit(SHARED, StartRun(run=R1, agent="echo", node="n"))
        asking = Asking(question=Q1, kind="choice", text="Tea or coffee?", options=TEA)
        await self.desks.submit(SHARED, EndRun(run=R1, upto=5, questions=(asking,)))


def refused(text: str) -> Reply:
    return Reply(text=text, refused=True)
