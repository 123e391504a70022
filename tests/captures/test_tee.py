"""`captures.tee`: every byte is passed on, but for the lines held back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.gotrace import TraceFilter
from captures.tee import LineTee


def run(chunks: list[bytes], line_filter: TraceFilter | None) -> tuple[bytes, list[bytes]]:
    """Give what was passed on, and the lines reported."""
    lines: list[bytes] = []
    tee = LineTee(lambda line, held: lines.append(line), line_filter)
    return b"".join([*(tee.feed(chunk) for chunk in chunks), tee.finish()]), lines


@given(st.lists(st.binary(max_size=30)))
def test_without_a_filter_every_byte_is_passed_on_at_once(chunks: list[bytes]) -> None:
    tee = LineTee(lambda line, held: None, None)
    assert [tee.feed(chunk) for chunk in chunks] == chunks


@given(
    st.lists(
        st.sampled_from([b"# get u", b"# get u: 200 OK (1s)", b"go: x", b"", b"# got", b"a\rb"])
    ),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.lists(st.integers(0, 200)),
)
def test_trace_is_cut_out_however_the_bytes_arrive(
    lines: list[bytes], end: bytes, ends: bool, cuts: list[int]
) -> None:
    data = end.join(lines) + (end if ends and lines else b"")
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(borders)]
    kept = [line for line in data.splitlines(keepends=True) if not line.startswith(b"# get ")]
    if end == b"\n" and b"a\rb" not in lines:
        assert run(chunks, TraceFilter())[0] == b"".join(kept)
    passed = run(chunks, TraceFilter())
    assert passed == run([data], TraceFilter())


@pytest.mark.parametrize("prompt", [b"Password: ", b"Username for 'https://h': ", b"#", b"50%\r"])
def test_a_prompt_does_not_wait_for_its_line_end(prompt: bytes) -> None:
    tee = LineTee(lambda line, held: None, TraceFilter())
    shown = tee.feed(prompt)
    assert shown == prompt or prompt in (b"#", b"50%\r")
    assert shown + tee.finish() == prompt


def test_a_line_half_shown_is_shown_to_its_end() -> None:
    tee = LineTee(lambda line, held: None, TraceFilter())
    assert tee.feed(b"x") == b"x"
    assert tee.feed(b"yz\n# get u\nq\n") == b"yz\nq\n"


def test_lines_are_reported_with_what_became_of_them() -> None:
    seen: list[tuple[bytes, bool]] = []
    tee = LineTee(lambda line, held: seen.append((line, held)), TraceFilter())
    tee.feed(b"# get u\r\ngo: x\r\nend")
    tee.finish()
    assert seen == [(b"# get u", True), (b"go: x", False), (b"end", False)]


def test_an_endless_line_does_not_fill_the_memory() -> None:
    seen: list[int] = []
    tee = LineTee(lambda line, held: seen.append(len(line)), TraceFilter())
    data = b"# get " + b"x" * 10_000_000
    passed = b"".join(tee.feed(data[at : at + 65536]) for at in range(0, len(data), 65536))
    assert passed + tee.finish() == data
    assert max(seen) < 512 * 1024
