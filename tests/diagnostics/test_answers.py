"""HTTP answers, from clear packets or from go's own trace."""

from __future__ import annotations

import pytest

from captures.session import Request
from diagnostics.answers import (
    answers,
    attempts_at,
    fell_through,
    host_of,
    served_files,
    server_of,
    upstream_of,
)
from diagnostics.verdict import Hop, Role
from tests.factories import (
    NAME,
    OTHER,
    SERVER,
    connect,
    connection,
    facts,
    fetched,
    fetched_plain,
    frame_at,
    resolved,
    session,
)

URL = f"https://{NAME}/m/@v/v1.zip"


def test_a_clear_answer_has_its_frames() -> None:
    (answer,) = answers(facts(resolved(SERVER), fetched_plain(status=500), duration_s=3.0))
    assert (answer.url, answer.status) == (f"http://{NAME}/example.com/m/@v/v1.0.0.zip", 500)
    assert answer.frames == (frame_at(0.13), frame_at(0.15))
    assert answer.took_s == pytest.approx(0.02)
    assert answer.fatal


def test_a_traced_answer_has_gos_measure() -> None:
    told = session(f"go: reading {URL}: 500", requests=(Request(URL, 500, duration_s=0.7),))
    (answer,) = answers(facts(resolved(SERVER), fetched(), session=told))
    assert (answer.url, answer.status, answer.frames) == (URL, 500, ())
    assert answer.took_s == 0.7
    assert answer.fatal
    assert [a.name for a in answer.attempts] == [NAME]


@pytest.mark.parametrize(
    ("output", "exit_code"),
    [(f"go: reading {URL}: 500", 0), (f"# get {URL}: 500", 1), ("go: something else", 1)],
    ids=["the command succeeded", "a line of the trace", "other words"],
)
def test_what_go_did_not_give_up_over_is_not_fatal(output: str, exit_code: int) -> None:
    told = session(output, exit_code=exit_code, requests=(Request(URL, 500),))
    (answer,) = answers(facts(resolved(SERVER), fetched(), session=told))
    assert not answer.fatal


def test_clear_answers_are_not_counted_twice() -> None:
    """The trace has them too: what is on the wire is read there."""
    url = f"http://{NAME}/example.com/m/@v/v1.0.0.zip"
    told = session(requests=(Request(url, 200),))
    assert len(answers(facts(resolved(SERVER), fetched_plain(), session=told))) == 1


def test_a_proxys_connect_is_no_answer_of_the_server() -> None:
    assert not answers(facts(connection(port=3128), connect(status=403)))


def test_a_request_without_a_status_is_no_answer() -> None:
    assert not answers(facts(fetched_plain(status=None), duration_s=9.0))
    told = session(requests=(Request(URL, None, "EOF"),))
    assert not answers(facts(resolved(SERVER), fetched(), session=told))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (URL, NAME),
        ("http://A.Example:8080/x", "a.example"),
        ("http://[2001:db8::1]:80/", "2001:db8::1"),
        ("http://[", ""),
        ("no url", ""),
        ("", ""),
    ],
)
def test_hosts_of_urls(url: str, host: str) -> None:
    assert host_of(url) == host


def test_attempts_at_a_host_got_as_far_as_tls() -> None:
    both = facts(resolved(SERVER), fetched(), fetched(1, 0.2, name="other.example", address=OTHER))
    assert [a.name for a in attempts_at(both, URL)] == [NAME]
    assert not attempts_at(both, "http://[")


def test_hops_of_an_answer() -> None:
    captured = facts(resolved(SERVER), fetched_plain(status=502), duration_s=3.0)
    (answer,) = answers(captured)
    assert server_of(captured, answer) == Hop(Role.SERVER, SERVER, NAME, (5, 5))
    assert upstream_of(captured, answer) == Hop(Role.UPSTREAM, None, NAME, None)
    told = session(requests=(Request(URL.replace(NAME, "unseen.example"), 404),))
    unseen = facts(resolved(SERVER), fetched(), session=told)
    (answer,) = answers(unseen)
    assert server_of(unseen, answer) == Hop(Role.SERVER, None, "unseen.example", None)


@pytest.mark.parametrize(
    ("second", "fell"),
    [("/proxy/m/@v/v1.zip", True), ("/proxy/m/@v/v2.zip", False), ("/x", False)],
)
def test_the_next_entry_had_it(second: str, fell: bool) -> None:
    every = answers(
        facts(
            fetched_plain(target="/m/@v/v1.zip", status=404),
            fetched_plain(1, 1.2, address=OTHER, host="m.example", target=second),
            duration_s=4.0,
        )
    )
    assert fell_through(every[0], served_files(every)) is fell
