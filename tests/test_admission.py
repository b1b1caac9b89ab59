"""Who is let in by what, and that what was given is never more than what its giver has."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bridge.admission import Account, Book, Grant
from bridge.ids import ChannelName, ParticipantId, SessionId
from bridge.inbound import Identity
from bridge.session import Session

CHAT, MAIL, WORK = ChannelName("chat"), ChannelName("mail"), ChannelName("work")
ADA, OWNER = ParticipantId("p_ada"), ParticipantId("p_owner")
MAIN, OTHER = SessionId("main"), SessionId("s_other")
IN_CHAT, IN_MAIL = Identity(realm="chat", user="1"), Identity(realm="mail", user="a@b")
IN_WORK = Identity(realm="work", user="U1")
MINE = (IN_CHAT, IN_MAIL, IN_WORK)
ACCOUNTS = {
    CHAT: Account(allow=frozenset({"1"})),
    MAIL: Account(allow=frozenset()),
    WORK: Account(allow=frozenset()),
}
REALMS = {each: frozenset({str(each)}) for each in ACCOUNTS}


def grant(account: ChannelName, identity: Identity, via: str, **more) -> Grant:
    return Grant(
        **{
            "id": f"G{account}",
            "account": account,
            "realm": identity.realm,
            "user": identity.user,
            "name": "Ada",
            "session": MAIN,
            "who": ADA,
            "by": ADA,
            "via": via,
            "at": "2026-03-01",
            "place": "1",
            "enrolled": True,
            **more,
        }
    )


def book(*grants: Grant, **more) -> Book:
    return Book(
        accounts=more.pop("accounts", ACCOUNTS),
        grants={each.key: each for each in grants},
        realms=REALMS,
        **more,
    )


def lets_in(it: Book, account: ChannelName, identity: Identity, session=MAIN, who=ADA) -> bool:
    return it.admits(account, identity, who, session, MINE)


def test_the_list_lets_in_to_its_own_account():
    it = book()
    assert lets_in(it, CHAT, IN_CHAT, who=None)
    assert not lets_in(it, MAIL, IN_CHAT)


def test_owners_are_let_in_on_every_account():
    assert lets_in(book(owners=frozenset({ADA})), WORK, IN_WORK)


def test_a_grant_holds_for_its_account_its_identity_its_session_and_its_person():
    it = book(grant(MAIL, IN_MAIL, CHAT))
    assert lets_in(it, MAIL, IN_MAIL)
    assert not lets_in(it, MAIL, IN_MAIL, OTHER)
    assert not lets_in(it, WORK, IN_MAIL)
    assert not lets_in(it, MAIL, replace(IN_MAIL, user="c@d"))
    assert not lets_in(it, MAIL, IN_MAIL, who=ParticipantId("p_eve"))
    assert not lets_in(it, MAIL, IN_MAIL, who=None)


def test_a_grant_falls_with_its_giver_and_so_does_what_was_given_by_it():
    chain = grant(MAIL, IN_MAIL, CHAT), grant(WORK, IN_WORK, MAIL)
    assert lets_in(book(*chain), WORK, IN_WORK)
    off = {**ACCOUNTS, CHAT: Account(allow=frozenset())}
    assert not lets_in(book(*chain, accounts=off), MAIL, IN_MAIL)
    assert not lets_in(book(*chain, accounts=off), WORK, IN_WORK)


def test_grants_that_only_lead_to_each_other_hold_nothing():
    circle = grant(MAIL, IN_MAIL, WORK), grant(WORK, IN_WORK, MAIL)
    assert not lets_in(book(*circle), MAIL, IN_MAIL)
    assert not lets_in(book(grant(MAIL, IN_MAIL, MAIL)), MAIL, IN_MAIL)


def test_what_was_given_over_http_holds():
    assert lets_in(book(grant(MAIL, IN_MAIL, "")), MAIL, IN_MAIL)


def test_what_was_given_from_an_account_that_is_gone_holds_nothing():
    assert not lets_in(book(grant(MAIL, IN_MAIL, "removed")), MAIL, IN_MAIL)


def test_whoever_is_put_out_is_let_in_by_nothing():
    everything = {"owners": frozenset({ADA}), "out": frozenset({ADA})}
    it = book(grant(MAIL, IN_MAIL, ""), **everything)
    assert not lets_in(it, CHAT, IN_CHAT)
    assert not lets_in(it, MAIL, IN_MAIL)
    assert it.granted(MAIL, IN_MAIL, ADA, MINE) is None


def test_the_same_id_in_another_app_is_another_person_when_something_is_shown():
    """User 1 of the chat is on the chat's list; user 1 of mail is not."""
    session = Session(id=MAIN)
    it = book()
    assert it.admits_person(CHAT, ADA, session, [IN_CHAT])
    assert not it.admits_person(CHAT, ADA, session, [Identity(realm="mail", user="1")])


def test_whoever_is_put_out_of_a_session_is_shown_nothing_of_it():
    session = Session(id=MAIN, put_out=frozenset({ADA}))
    assert not book().admits_person(CHAT, ADA, session, [IN_CHAT])


def test_a_room_counts_only_who_is_of_its_own_app():
    session, it = Session(id=MAIN), book(owners=frozenset({OWNER}))
    browser = [Identity(realm="bridge", user="owner")]
    assert it.admits_person(CHAT, OWNER, session, browser)
    assert not it.admits_person(CHAT, OWNER, session, browser, there=True)


@given(
    st.lists(
        st.tuples(st.sampled_from([MAIL, WORK]), st.sampled_from([CHAT, MAIL, WORK])), max_size=6
    )
)
def test_nobody_is_let_in_where_no_chain_reaches_a_list(pairs):
    """However grants are chained: with the list empty none of them holds."""
    identities = {CHAT: IN_CHAT, MAIL: IN_MAIL, WORK: IN_WORK}
    grants = [grant(account, identities[account], via) for account, via in pairs]
    nobody = {each: Account(allow=frozenset()) for each in ACCOUNTS}
    it = book(*grants, accounts=nobody)
    assert not any(lets_in(it, account, each) for account, each in identities.items())
