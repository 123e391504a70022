"""`captures.session`: what is saved comes back, and nothing hostile comes in."""

from __future__ import annotations

import dataclasses
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captures.errors import UnreadableCapture
from captures.session import (
    SCHEMA,
    SESSION_NAME,
    Chain,
    Clock,
    GoSettings,
    OutputLine,
    Proxies,
    Request,
    ResolverSettings,
    Roots,
    Session,
    Socket,
    SystemProxy,
    Tool,
    epoch_ns,
    load,
    rfc3339,
    save,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
_FIELDS = [field.name for field in dataclasses.fields(Session)]


def full_session() -> Session:
    """A session with a value in every field."""
    return Session(
        badhop="0.1.0",
        command=("go", "mod", "download"),
        started="2026-01-02T03:04:05.000006Z",
        ended="2026-01-02T03:04:06.500006Z",
        duration_s=1.5,
        exit_code=1,
        signal=None,
        interrupted=True,
        output=(OutputLine(0.5, "stderr", "go: failed ✗"),),
        output_omitted=3,
        requests=(
            Request("https://p.example/a/@v/list", 200, None, 0.1, 0.2, 0.05),
            Request("https://p.example/b/@v/list", None, "EOF", 0.1, None, None),
        ),
        tool=Tool("dumpcap", "4.0.17"),
        interfaces=("eth0", "lo"),
        packets_received=12,
        packets_dropped=1,
        bytes=999,
        recording_error="stopped",
        go=GoSettings("go1.27.3", {"GOPROXY": "direct"}),
        proxies=Proxies("http://p:1", "http://p:2", "*"),
        resolver=ResolverSettings(("127.0.0.53",), ("corp.example",), ("ndots:5",)),
        system_proxy=SystemProxy("registry", "p:1", "p:1", "http://wpad/x.pac"),
        routes="[]",
        sockets=(Socket("tcp", "10.0.0.1", 4000, "10.0.0.2", 443),),
        clock=Clock(-3.5, "http-date p.example"),
        roots=Roots(("/etc/ssl/cert.pem",), 1, ("ab" * 32,), "-----BEGIN"),
        chains=(Chain("p.example", 443, "10.0.0.2", "x:3128", "p.example", "TLSv1.3", ("PEM",)),),
    )


def write(tmp_path: Path, value: Any) -> Path:
    path = tmp_path / SESSION_NAME
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


@pytest.mark.parametrize("session", [Session(), full_session()])
def test_what_is_saved_is_loaded(tmp_path: Path, session: Session) -> None:
    path = tmp_path / SESSION_NAME
    save(session, path)
    assert load(path) == session
    assert load(tmp_path) == session
    assert load(tmp_path / "capture.pcapng") == session
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_fields_are_ignored_and_missing_ones_defaulted(tmp_path: Path) -> None:
    path = write(tmp_path, {"schema": SCHEMA, "future": [1], "tool": {"name": "x", "more": {}}})
    assert load(path) == Session(tool=Tool("x"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a badhop/session/1 file"),
        ('{"schema": "badhop/session/2"}', "is not a badhop/session/1 file"),
        ('{"schema": {}}', "is not a badhop/session/1 file"),
    ],
)
def test_what_is_no_session_is_refused_in_one_line(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(UnreadableCapture, match=message) as caught:
        load(write(tmp_path, content))
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_missing_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCapture, match="No such file"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("command", "go", r"session.json.command is text, not a list"),
        ("command", ["go", 1], r"session.json.command\[1\] is a whole number, not text"),
        ("exit_code", True, "exit_code is true or false, not a whole number"),
        ("duration_s", "1", "duration_s is text, not a number"),
        ("duration_s", 10**400, "duration_s is beyond any number, not a number"),
        ("packets_dropped", 10**400, "dropped is beyond any number, not a whole number"),
        ("packets_dropped", -(2**63) - 1, "dropped is beyond any number, not a whole number"),
        ("tool", [], "tool is a list, not an object"),
        ("tool", None, "tool is null, not an object"),
        ("requests", [{"status": "200"}], r"requests\[0\].status is text, not a whole number"),
        ("go", {"env": {"GOPROXY": 1}}, "go.env.GOPROXY is a whole number, not text"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(
    tmp_path: Path, field: str, value: object, message: str
) -> None:
    with pytest.raises(UnreadableCapture, match=message):
        load(write(tmp_path, {"schema": SCHEMA, field: value}))


def test_lone_surrogates_can_be_printed_and_saved_again(tmp_path: Path) -> None:
    session = load(write(tmp_path, '{"schema": "badhop/session/1", "badhop": "\\ud800x"}'))
    assert session.badhop == "?x"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_hostile_json_is_loaded_or_refused(tmp_path: Path, fields: dict[str, Any]) -> None:
    path = write(tmp_path, {**fields, "schema": SCHEMA})
    try:
        session = load(path)
    except UnreadableCapture as error:
        assert len(str(error).splitlines()) == 1
    else:
        save(session, path)
        assert load(path) == session


@given(st.integers(0, 4_000_000_000_000_000_000))
def test_times_survive_to_the_microsecond(time_ns: int) -> None:
    assert epoch_ns(rfc3339(time_ns)) == time_ns // 1000 * 1000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-02T03:04:05"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert epoch_ns(text) is None
