"""Which failed tries left a need unmet."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.facts import Attempt, Outcome
from diagnostics import needs
from diagnostics.needs import made_good, same_module_file, unanswered
from tests.factories import (
    NAME,
    NOTHING_BACK,
    OTHER,
    SERVER,
    Part,
    client_hello,
    connection,
    facts,
    failed_hello,
    fetched,
    fetched_plain,
    refused_certificate,
    request,
    reset,
    resolved,
    sent,
    unconnected,
)

MIRROR = "mirror.example"


def plain(stream: int, at_s: float, status: int, **changes: Any) -> tuple[Part, ...]:
    return fetched_plain(stream, at_s, status=status, **changes)


def lost(*parts: Any) -> list[str]:
    """Needs that nothing met."""
    captured = facts(*parts, duration_s=60.0)
    return [captured.attempts[i].need for i in sorted(unanswered(captured.attempts, captured))]


SYNS = unconnected(0.1, 1.1, 3.1)
ZIP = f"http://{NAME}/example.com/m/@v/v1.0.0.zip"
ELSEWHERE = plain(1, 1.2, 200, host=MIRROR, address=OTHER)
HERE = f"{NAME}:443"
FALLBACK_OF_BEFORE = (
    connection(0, 0.0, address=OTHER, port=80, starts_midway=True, server=sent(900, 0.02, 0.5)),
    request(0, 0.01, "/m/@v/v1.info", host=MIRROR),
    request(0, 0.2, "/m/@v/v1.mod", host=MIRROR),
)
LEFT = plain(0, 0.1, 200)[:1]
STAYED = (connection(0, 0.1, port=80, client=sent(200, 0.13), server=sent(2000, 0.15)),)
CURLS = client_hello(20.03, is_go=False)
SETTINGS = client_hello(20.03, groups=(0x11EC, 29, 23), key_share_groups=(0x11EC, 29))


@pytest.mark.parametrize(
    ("parts", "needs"),
    [
        pytest.param([resolved(rcode="NXDOMAIN")], [HERE], id="a name"),
        pytest.param([resolved(SERVER), SYNS], [HERE], id="a connection"),
        pytest.param([resolved(SERVER), failed_hello(acked=True)], [HERE], id="a handshake"),
        pytest.param([plain(0, 0.1, 500)], [ZIP], id="an answer"),
    ],
)
def test_what_failed_and_was_not_tried_again(parts: list[Any], needs: list[str]) -> None:
    assert lost(*parts) == needs


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            [resolved(rcode="NXDOMAIN"), resolved(SERVER, at_s=3.0), fetched(0, 3.1)], id="a name"
        ),
        pytest.param([resolved(SERVER, OTHER), SYNS, fetched(1, 4.0, address=OTHER)], id="address"),
        pytest.param(
            [resolved(SERVER), failed_hello(acked=True), fetched(1, 10.3)], id="a handshake"
        ),
        pytest.param([plain(0, 0.1, 503), plain(1, 2.0, 200)], id="an answer"),
        pytest.param([plain(0, 0.1, 404), ELSEWHERE], id="the next entry"),
        pytest.param(
            [*FALLBACK_OF_BEFORE, plain(1, 0.1, 503, target="/m/@v/v1.mod")],
            id="the next entry after a pipe, over a connection of before",
        ),
        pytest.param([plain(0, 0.1, 404, target="/m/@v/list")], id="an optional one"),
    ],
)
def test_what_was_made_good(parts: list[Any]) -> None:
    assert lost(*parts) == []


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            [resolved(SERVER), fetched(0, 0.1), failed_hello(1, 20.0, acked=True)],
            id="what worked before it failed is no later try",
        ),
        pytest.param(
            [
                resolved(SERVER),
                SYNS,
                resolved(OTHER, at_s=40.0, name="sum.example"),
                fetched(1, 40.1, name="sum.example", address=OTHER),
            ],
            id="another name, long after",
        ),
        pytest.param(
            [
                plain(0, 0.1, 404),
                plain(1, 20.0, 200, host=MIRROR, address=OTHER, target="/m/@v/v2.0.0.zip"),
            ],
            id="another file",
        ),
        pytest.param(
            [resolved(SERVER), failed_hello(acked=True), fetched(1, 20.0, hello=CURLS)],
            id="another program got through",
        ),
        pytest.param(
            [resolved(SERVER), failed_hello(acked=True), fetched(1, 20.0, hello=SETTINGS)],
            id="go with other settings got through",
        ),
        pytest.param(
            [resolved(SERVER), refused_certificate(), refused_certificate(1, 5.0)],
            id="failed again",
        ),
    ],
)
def test_what_was_not_made_good(parts: list[Any]) -> None:
    assert lost(*parts)


def test_a_pipe_turns_to_the_next_entry_which_serves_it() -> None:
    """https://dead|https://good: seen as another name that is first asked when go gives up."""
    assert not lost(
        resolved(SERVER),
        failed_hello(acked=True),
        resolved(OTHER, at_s=10.11, name=MIRROR),
        fetched(1, 10.13, name=MIRROR, address=OTHER),
    )


@pytest.mark.parametrize(
    ("looked_up", "needs"),
    [((), [HERE]), ((resolved(OTHER, at_s=0.05, name=MIRROR),), [])],
    ids=["another program's", "git's, for a module fetched directly"],
)
def test_a_foreign_hello_replaces_only_where_go_may_have_asked(
    looked_up: tuple[Any, ...], needs: list[str]
) -> None:
    foreign = client_hello(0.11, MIRROR, is_go=False)
    elsewhere = fetched(0, 0.08, name=MIRROR, address=OTHER, hello=foreign)
    assert lost(resolved(rcode="NXDOMAIN"), *looked_up, elsewhere) == needs


def test_a_connection_from_before_the_capture_is_no_replacement() -> None:
    """When it was first asked, nobody saw: its own service may be the one that failed later."""
    older = connection(0, 0.0, address=OTHER, starts_midway=True, server=sent(900, 0.02))
    before = request(0, 0.01, "/x", host="")
    failing = plain(1, 0.02, 403)
    assert lost(older, before, failing) == [ZIP]


def test_a_name_that_was_asked_before_is_no_replacement() -> None:
    """The checksum database answered before the module proxy failed: it served something else."""
    database = "sum.example"
    assert lost(
        resolved(OTHER, name=database),
        fetched(0, 0.1, name=database, address=OTHER),
        resolved(SERVER, at_s=0.2),
        failed_hello(1, 0.3, hello=client_hello(0.33), acked=True),
        resolved(OTHER, at_s=10.31, name=database),
        fetched(2, 10.33, name=database, address=OTHER),
    ) == [HERE]


def test_on_a_fast_network_too_what_was_asked_before_is_no_replacement() -> None:
    """The module proxy served all within 0.1 s of the checksum database's refusal."""
    refused = connection(
        1, 0.06, address=OTHER, last_s=0.061, **NOTHING_BACK, resets=(reset(0.061),)
    )
    assert lost(
        resolved(SERVER),
        fetched(0, 0.02),
        resolved(OTHER, at_s=0.045, name="sum.example"),
        refused,
    ) == ["sum.example:443"]


def test_the_lookup_of_another_name_at_the_same_address_dates_nothing() -> None:
    """Both names of a CDN's address; only the one that fails was seen to be looked up."""
    assert lost(
        resolved(SERVER),
        failed_hello(0, 0.05, ended_by=(reset(0.09),)),
        fetched(1, 2.0, name=MIRROR),
    ) == [HERE]


@pytest.mark.parametrize(
    ("target", "parts", "needs"),
    [
        pytest.param("/m?go-get=1", LEFT, [f"http://{NAME}/m?go-get=1"], id="no other way"),
        pytest.param("/m/@latest", LEFT, [f"http://{NAME}/m/@latest"], id="no version at all"),
        pytest.param("/m?go-get=1", STAYED, [], id="the capture stops there"),
        pytest.param("/m/@v/list", LEFT, [], id="it would ask for the latest then"),
        pytest.param("/m?go-get=1", (*LEFT, *ELSEWHERE), [], id="git, or another prefix"),
    ],
)
def test_the_last_resort_fails_where_nothing_else_was_asked(
    target: str, parts: tuple[Part, ...], needs: list[str]
) -> None:
    assert lost(*parts, request(0, 0.13, target, status=404)) == needs


@pytest.mark.parametrize(("address", "needs"), [(SERVER, []), (OTHER, [f"{SERVER}:443"])])
def test_without_names_the_address_tells_services_apart(address: str, needs: list[str]) -> None:
    later = connection(1, 4.0, address=address, server=sent(900, 4.2))
    assert lost(unconnected(0.1, 1.1, 3.1), later) == needs


REFUSED_6 = connection(
    0, 0.1, address="2001:db8::7", last_s=0.12, **NOTHING_BACK, resets=(reset(0.12),)
)


@pytest.mark.parametrize(
    ("later", "needs"),
    [
        pytest.param([fetched(1, 0.121)], [], id="at once"),
        pytest.param([fetched(1, 0.4)], [], id="after go's wait for the first"),
        pytest.param([fetched(1, 3.0)], ["2001:db8::7:443"], id="much later"),
        pytest.param([fetched(1, 0.4, port=8443)], ["2001:db8::7:443"], id="another port"),
        pytest.param(
            [fetched(1, 0.4, address="2001:db8::8")], ["2001:db8::7:443"], id="the same family"
        ),
        pytest.param(
            [resolved(SERVER, at_s=0.38), fetched(1, 0.4)], ["2001:db8::7:443"], id="looked up"
        ),
    ],
)
def test_the_next_address_of_a_name_that_the_capture_does_not_show(
    later: list[Any], needs: list[str]
) -> None:
    """localhost, and resolvers on a loopback that was not recorded."""
    assert lost(REFUSED_6, *later) == needs


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a/m/@v/v1.zip", "https://b/m/@v/v1.zip", True),
        ("http://a/m/@v/v1.zip", "https://b/prefix/m/@v/v1.zip", True),
        ("http://a/m/@v/v1.zip", "http://a/m/@v/v1.mod", False),
        ("http://a/m/@v/v1.zip", "http://a/m/@v/v2.zip", False),
        ("http://a/x", "http://b/x", False),
        ("http://[/m/@v/v1.zip", "http://[/m/@v/v1.zip", False),
    ],
)
def test_module_files_by_their_path(one: str, other: str, same: bool) -> None:
    assert same_module_file(one, other) is same
    assert same_module_file(other, one) is same


def test_looking_at_kin_only_misses_nothing() -> None:
    """The same answer as a look at every other attempt gives."""
    some = facts(
        resolved(SERVER),
        resolved(OTHER, at_s=0.5, name=MIRROR),
        plain(0, 0.1, 404),
        plain(1, 1.2, 200, host=MIRROR, address=OTHER),
        plain(2, 2.0, 500),
        plain(3, 3.0, 200),
        plain(4, 4.0, 410, host=MIRROR, address=OTHER),
        duration_s=60.0,
    )
    attempts = some.attempts
    every = [a.index for a in attempts if not any(made_good(a, other) for other in attempts)]
    failed = [a.index for a in attempts if a.outcome is Outcome.FAILED]
    found = unanswered(attempts, some)
    assert found == set(every) & set(failed)
    assert found < set(failed)


def test_many_modules_of_one_version_are_not_compared_each_with_every_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their files are called alike, at one proxy that lacks them and at the next that has them."""
    count = 60
    parts = []
    for module in range(count):
        target = f"/example.com/m{module}/@v/v1.0.0.zip"
        parts.append(plain(2 * module, 0.1 + module / 100, 404, target=target))
        second = plain(2 * module + 1, 0.15 + module / 100, 200, target="/go" + target, host=MIRROR)
        parts.append(second)
    some = facts(*parts, duration_s=60.0)
    asked = []

    def counted(failed: Attempt, other: Attempt) -> bool:
        asked.append(other.index)
        return made_good(failed, other)

    monkeypatch.setattr(needs, "made_good", counted)
    assert unanswered(some.attempts, some) == frozenset()
    assert len(asked) <= 2 * count
