"""Who is let in by what, and that what was given is never more than what its giver has."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.ids import ChannelName, ParticipantId, SessionId
from bridge.domain.inbound import Identity
from bridge.domain.parts import Address
from bridge.session.admission import BROWSERS, Account, Book, Grant, in_browsers
from bridge.session.fold import Session

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
    assert not it.admits_person(CHAT, OWNER, session, browser, there=True)
    assert it.admits_person(CHAT, OWNER, session, [*browser, IN_CHAT], there=True)


def test_a_private_place_of_someone_who_is_not_known_there_any_more_is_shown_nothing():
    """Not even the owner's: whoever was the owner there was undone."""
    session = Session(id=MAIN)
    everyone = {**ACCOUNTS, CHAT: Account(allow=frozenset({"*"}))}
    for it in (book(owners=frozenset({OWNER})), book(accounts=everyone)):
        assert not it.admits_person(CHAT, OWNER, session, [Identity(realm="bridge", user="owner")])
        assert it.admits_person(CHAT, OWNER, session, [IN_CHAT])


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


def test_someone_of_an_older_log_is_let_in_where_they_take_part():
    """Before there were grants, whoever took part in a session was let in to it."""
    session = Session(id=MAIN, participants={ADA: "member"})
    it = book(legacy={IN_MAIL: ADA})
    assert it.admits(MAIL, IN_MAIL, ADA, session, MINE)
    assert not it.admits(MAIL, IN_MAIL, ADA, Session(id=MAIN), MINE)
    assert not it.admits(MAIL, IN_MAIL, ParticipantId("p_eve"), session, MINE)


def test_whoever_comes_back_goes_to_the_session_they_were_let_in_to_last():
    old = grant(MAIL, IN_MAIL, "", at="2026-03-01")
    new = grant(MAIL, IN_MAIL, "", at="2026-03-02", session=OTHER)
    owners = grant(MAIL, IN_MAIL, "", at="2026-03-03", session=None)
    assert book(old, new, owners).granted(MAIL, IN_MAIL, ADA, MINE) == OTHER
    assert book(old).granted(MAIL, IN_MAIL, ADA, MINE) == MAIN
    assert book(old).granted(MAIL, IN_MAIL, None, MINE) is None, "nobody has this id"
    assert book(owners).granted(MAIL, IN_MAIL, ADA, MINE) is None


def test_a_grant_that_fell_with_its_giver_leads_nowhere():
    later = grant(MAIL, IN_MAIL, "removed", at="2026-03-02", session=OTHER)
    it = book(grant(MAIL, IN_MAIL, "", at="2026-03-01"), later)
    assert it.granted(MAIL, IN_MAIL, ADA, MINE) == MAIN


def test_a_grant_by_someone_who_was_put_out_holds_nothing():
    given = grant(MAIL, IN_MAIL, "", by=OWNER)
    assert lets_in(book(given, owners=frozenset({OWNER})), MAIL, IN_MAIL)
    assert not lets_in(book(given, out=frozenset({OWNER})), MAIL, IN_MAIL)


def test_what_was_asked_for_holds_while_its_giver_owns_the_bridge_whatever_lists_say():
    it = grant(MAIL, IN_MAIL, CHAT, request=True)
    assert lets_in(book(grant(MAIL, IN_MAIL, CHAT)), MAIL, IN_MAIL)
    assert not lets_in(book(it), MAIL, IN_MAIL)
    assert not lets_in(book(grant(MAIL, IN_MAIL, "", request=True)), MAIL, IN_MAIL)
    owner = grant(MAIL, IN_MAIL, CHAT, request=True, by=OWNER)
    assert lets_in(book(owner, owners=frozenset({OWNER})), MAIL, IN_MAIL)


def test_a_grant_is_found_by_its_number_however_that_is_typed():
    given = grant(MAIL, IN_MAIL, "", id="G7")
    assert book(given).grant(" g7 ") == given
    assert book(given).grant("G8") is None


def test_a_room_may_have_an_agent_of_its_own():
    account = Account(allow=frozenset(), agent="cook", agents={"kitchen": "chef"})
    assert account.agent_in(Address(channel=CHAT, place="kitchen")) == "chef"
    assert account.agent_in(Address(channel=CHAT, place="hall")) == "cook"


def test_a_person_is_known_where_they_have_an_id_of_that_platform():
    assert book().is_known(CHAT, MINE)
    assert not book().is_known(CHAT, [IN_MAIL])


# -- guests, and grants of requests ---------------------------------------------------------------


def test_a_grant_in_a_room_holds_in_that_room_alone_and_beside_one_of_another():
    first, second = (grant(CHAT, IN_CHAT, "", room=each, by=OWNER) for each in ("den", "hall"))
    accounts = {**ACCOUNTS, CHAT: Account(allow=frozenset())}
    it = book(first, second, accounts=accounts, owners=frozenset({OWNER}))
    for place, is_in in (("den", True), ("hall", True), ("loft", False), ("", False)):
        assert it.admits(CHAT, IN_CHAT, ADA, MAIN, MINE, place=place) is is_in
    assert first.keys != second.keys
    assert first.keys[1] == second.keys[1], "an earlier version kept it without its room"


def test_what_a_request_gave_holds_while_its_giver_owns_the_bridge():
    asked = grant(MAIL, IN_MAIL, "chat", by=OWNER, request=True)
    for owners in (frozenset({OWNER}), frozenset()):
        assert lets_in(book(asked, owners=owners), MAIL, IN_MAIL) is bool(owners)


def test_who_is_anothers_guest_is_known_by_the_grant():
    guest = grant(MAIL, IN_MAIL, "chat", by=OWNER, guest=True)
    it = book(guest, owners=frozenset({OWNER}))
    assert it.guest(MAIL, IN_MAIL, MAIN) == guest
    assert it.guest(MAIL, IN_MAIL, OTHER) is None
    assert it.entry(ADA, MAIN).guest
    assert not it.entry(ADA, OTHER).guest
    assert guest.for_another
    assert not grant(MAIL, IN_MAIL, "chat").for_another


def test_someone_comes_in_the_weakest_role_that_they_were_given():
    given = [grant(CHAT, IN_CHAT, "", role="member"), grant(MAIL, IN_MAIL, "", role="viewer")]
    assert book(*given).entry(ADA, MAIN).role == "viewer"
    assert book(given[0]).entry(ADA, MAIN).role == "member"


def test_a_grant_is_named_by_its_id_however_that_is_spelt():
    known = grant(MAIL, IN_MAIL, "", id="SVCCC")
    assert book(known).grant(" svccc ") == known
    assert book(known).grant("other") is None
    assert book(known).of(known) == {MAIL}


def test_who_was_put_out_was_let_in_to_nothing():
    it = book(grant(MAIL, IN_MAIL, "chat", by=OWNER), owners=frozenset({OWNER}))
    assert it.granted(MAIL, IN_MAIL, ADA, MINE) == MAIN
    assert it.granted(MAIL, IN_MAIL, None, MINE) is None
    assert replace(it, out=frozenset({ADA})).granted(MAIL, IN_MAIL, ADA, MINE) is None


def test_who_is_let_in_by_name_is_so_by_a_list_by_a_grant_or_as_an_owner():
    listed = Identity(realm="chat", user="1")
    assert book().names(CHAT, listed, None, ())
    assert book(owners=frozenset({OWNER})).names(MAIL, IN_MAIL, OWNER, ())
    assert not book().names(MAIL, IN_MAIL, None, ())
    assert not book().names(MAIL, IN_MAIL, ADA, MINE)


def test_what_somebody_gave_themselves_names_them_only_if_a_list_names_them():
    own = grant(MAIL, IN_MAIL, "chat")
    assert book(own).names(MAIL, IN_MAIL, ADA, MINE)
    assert not book(own).names(MAIL, IN_MAIL, ADA, (IN_MAIL,))
    assert not book(own).names(MAIL, IN_MAIL, OWNER, MINE)


def test_what_an_owner_gave_names_whoever_has_it():
    given_by_owner = grant(MAIL, IN_MAIL, "chat", by=OWNER)
    it = book(given_by_owner, owners=frozenset({OWNER}))
    assert it.names(MAIL, IN_MAIL, ADA, (IN_MAIL,))


def test_who_was_invited_into_the_browser_is_found_with_their_tokens():
    invited = grant(BROWSERS, Identity(realm="browser", user="b"), "chat", by=OWNER)
    it = book(invited, grant(MAIL, IN_MAIL, "chat"))
    assert in_browsers(it, ADA) == [invited]
    assert in_browsers(it, OWNER) == []
    assert invited.token_label == f"invited {invited.id}"
