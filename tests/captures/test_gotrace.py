"""`captures.gotrace`: requests are read, and only go's trace is held back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.gotrace import RequestLog, TraceFilter
from captures.session import Request

_URL = "https://proxy.golang.org/rsc.io/quote/@v/v1.5.2.mod"

#: Lines as go 1.27.3 wrote them for `mod download`, `get` and `build` with -x.
TRACE = [
    f"# get {_URL}",
    f"# get {_URL}: 200 OK (0.031s)",
    f'# get {_URL}: Get "{_URL}": dial tcp 127.0.0.1:1: connect: connection refused',
    "mkdir -p /root/go/pkg/mod/cache/vcs # git3 https://github.com/nosuch/x",
    "# lock /root/go/pkg/mod/cache/vcs/24e4.lock",
    "cd /root/go/pkg/mod/cache/vcs/24e4; git ls-remote -q --end-of-options https://github.com/x/y",
    "0.040s # cd /root/go/pkg/mod/cache/vcs/24e4; git ls-remote -q https://github.com/x/y",
    "WORK=/tmp/go-build28674105",
    "mkdir -p $WORK/b004/",
    "echo '# import config' > $WORK/b004/importcfg # internal",
    "cd /tmp/gm",
    '/usr/lib/go/pkg/tool/linux_amd64/compile -o $WORK/b004/_pkg_.a -trimpath "$WORK/b004=>"',
    "go tool buildid -w $WORK/b004/_pkg_.a # internal",
    "cp $WORK/b004/_pkg_.a /root/.cache/go-build/aa/aa04-d # internal",
    "mv $WORK/b001/exe/a.out x",
    "rm -rf $WORK/b001/",
]
SHOWN = [
    'go: rsc.io/quote@v1.5.2: Get "https://x/": dial tcp: lookup x: no such host',
    "go: downloading rsc.io/quote v1.5.2",
    "# example.test/x",
    "./main.go:3:5: undefined: x",
    "/home/me/x/main.go:3:5: imported and not used",
    "\tfatal: unable to access 'https://github.com/nosuch/x/': Could not resolve host: github.com",
    "go: finding module for package rsc.io/quote",
    "panic: boom",
    "2026/01/02 03:04:05 a log line",
    "0.5 seconds",
    "",
]


@pytest.mark.parametrize("line", TRACE)
def test_trace_is_held_back(line: str) -> None:
    assert TraceFilter().holds(line)


@pytest.mark.parametrize("line", TRACE)
def test_the_start_of_trace_is_never_shown(line: str) -> None:
    assert all(TraceFilter().may_hold(line[:length]) for length in range(1, len(line) + 1))


@pytest.mark.parametrize("line", SHOWN)
def test_messages_are_shown(line: str) -> None:
    assert not TraceFilter().holds(line)


def test_a_file_written_by_the_build_script_is_held_back() -> None:
    lines = ["cat >/tmp/b003/importcfg << 'EOF' # internal", "# import config", "any", "EOF", "any"]
    trace = TraceFilter()
    assert [trace.holds(line) for line in lines] == [True, True, True, True, False]


@given(st.text(max_size=60))
def test_what_is_held_could_be_held_from_its_start(line: str) -> None:
    if TraceFilter().holds(line):
        assert all(TraceFilter().may_hold(line[:length]) for length in range(1, len(line)))


def test_requests_are_read() -> None:
    log = RequestLog()
    log.add("# get https://p/a", 0.1)
    log.add("# get https://p/b", 0.2)
    log.add("# get https://p/c", 0.3)
    log.add("# get https://p/b: 404 Not Found (0.150s)", 0.4)
    log.add('# get https://p/a: Get "https://p/a": EOF', 0.5)
    log.add("go: something else", 0.6)
    assert log.requests() == (
        Request("https://p/a", None, 'Get "https://p/a": EOF', 0.1, 0.5, None),
        Request("https://p/b", 404, None, 0.2, 0.4, 0.15),
        Request("https://p/c", None, None, 0.3, None, None),
    )


def test_the_same_address_twice_ends_in_order() -> None:
    log = RequestLog()
    for time_s, line in enumerate(
        ["# get u", "# get u", "# get u: 200 OK (1.000s)", "# get u: EOF"]
    ):
        log.add(line, float(time_s))
    assert [(request.status, request.error) for request in log.requests()] == [
        (200, None),
        (None, "EOF"),
    ]


def test_an_end_without_its_start_is_a_request_all_the_same() -> None:
    log = RequestLog()
    log.add("# get https://p/a: 200 OK (0.5s)", 0.7)
    assert log.requests() == (Request("https://p/a", 200, None, 0.7, 0.7, 0.5),)


@given(st.lists(st.text(max_size=30)))
def test_no_line_is_too_strange(lines: list[str]) -> None:
    log = RequestLog()
    for line in lines:
        log.add(f"# get {line}", 0.0)
    log.requests()
