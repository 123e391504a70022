"""The verdict's screen: what must be on it, and that nothing hostile gets onto it."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.report import terminal
from diagnostics.report.style import Style, detect
from diagnostics.verdict import Evidence, Fix, Hop, PathHop, Role, Verdict
from tests.diagnostics import handmadeverdicts
from tests.samples import SAMPLES

PLAIN = Style(width=80)
HOSTILE = "\x1b]0;owned\x07\u202e\nroot_cause"


def lines(verdict: Verdict, style: Style = PLAIN) -> list[str]:
    return terminal.render(verdict, style).splitlines()


def test_the_screen_of_a_failure() -> None:
    assert lines(handmadeverdicts.FAILED) == [
        "FAILED  tls.chain_incomplete: the server leaves out an intermediate certificate",
        "",
        "proxy.example.org sends its leaf certificate only; go fetches no intermediate.",
        "",
        "  client ── gateway ────── … transit ─── ✗ server",
        "            10.1.0.2         10.2.0.9    10.3.0.2",
        "            hop 1, 0.61 ms   hop 3       hop 4, 12 ms",
        "",
        "Hop       server 10.3.0.2 (proxy.example.org), 4 hops away; 97% sure",
        "Evidence  1 certificate sent, its issuer CN=Lab CA 2 is not among them (frames",
        "          12, 15)",
        "          the client sends bad_certificate 1 ms later (frame 16)",
        "Wireshark tcp.stream eq 2 && frame.number in {12,15,16}",
        "Cost      1.25 s of 12.4 s: stalled 7.50 s, transfer 3.10 s, waiting 1.00 s, TLS",
        "          0.300 s, connecting 0.200 s, client 0.200 s, DNS 0.100 s",
        "Fix       Configure the server to send its full chain.",
        "          See what it sends:",
        "            $ openssl s_client -connect 10.3.0.2:443 -showcerts",
        "Follows     F2 http.stalled_body, explained by F1: It stops.",
        "Also      F3 dns.slow: 10.2.0.53 takes 1.4 s for each of 6.",
        "Note      What was said inside 2 TLS connections is encrypted and was not",
        "          judged.",
        "Beside    not the download's, not judged: 2 × dns.slow",
        "Capture   download.pcapng: 1,234 packets, 3 lost while recording",
    ]


def test_a_full_verdict_fits_one_screen() -> None:
    shown = lines(handmadeverdicts.FAILED)
    assert len(shown) <= 25
    assert max(map(len, shown)) <= 80


def test_healthy_names_no_cause() -> None:
    text = terminal.render(handmadeverdicts.HEALTHY, PLAIN)
    assert text.startswith("HEALTHY  nothing is wrong\n\nEvery step that can be seen worked.")
    assert "✗" not in text
    assert "Fix" not in text


def test_inconclusive_says_what_is_missing() -> None:
    shown = lines(handmadeverdicts.INCONCLUSIVE)
    assert shown[0] == "INCONCLUSIVE  this capture cannot tell"
    assert "The capture holds no packets." in shown


def test_plain_ascii_where_the_terminal_has_no_more() -> None:
    text = terminal.render(handmadeverdicts.FAILED, Style(unicode=False))
    assert text.isascii()
    assert "client -- gateway ------ ... transit --- x server" in text


def test_colours_change_nothing_but_colours() -> None:
    coloured = terminal.render(handmadeverdicts.FAILED, Style(color=True))
    assert coloured != terminal.render(handmadeverdicts.FAILED, PLAIN)
    assert click.unstyle(coloured) == terminal.render(handmadeverdicts.FAILED, PLAIN)


def test_commands_and_filters_are_never_wrapped() -> None:
    command = "go env -w " + "GOPROXY=https://" + "a" * 100
    root = replace(handmadeverdicts.CHAIN, fix=(Fix("Use another one:", command),))
    verdict = replace(handmadeverdicts.FAILED, root_cause=root, findings=(root,))
    assert f"            $ {command}" in lines(verdict)


def test_a_number_stays_with_its_unit() -> None:
    for width in range(40, 60):
        shown = Style(width=width).labelled("Time", "transfer 0.105 s, TLS 21.5 ms, 14.3 % lost")
        assert all(line.split()[0] not in ("s,", "ms,", "%") for line in shown)
        assert (
            " ".join(" ".join(shown).split()) == "Time transfer 0.105 s, TLS 21.5 ms, 14.3 % lost"
        )


def test_plain_words_carry_no_colour_codes() -> None:
    assert Style(color=True).paint("server") == "server"


def test_many_pieces_are_counted_instead_of_shown() -> None:
    pieces = tuple(Evidence(f"piece {n}", (n,)) for n in range(1, 9))
    more = tuple(replace(handmadeverdicts.SLOW_DNS, id=f"F{n}") for n in range(2, 20))
    root = replace(handmadeverdicts.CHAIN, evidence=pieces, fix=(Fix("Do this."),) * 9)
    verdict = replace(handmadeverdicts.FAILED, root_cause=root, findings=(root, *more))
    text = terminal.render(verdict, PLAIN)
    assert "and 5 more in --json" in text
    assert "and 13 more in --json" in text
    assert len(text.splitlines()) <= 30


def test_hostile_names_are_shown_as_text() -> None:
    root = replace(
        handmadeverdicts.CHAIN,
        hop=Hop(Role.SERVER, HOSTILE, HOSTILE, (4, 4)),
        summary=HOSTILE,
        evidence=(Evidence(HOSTILE, (1,)),),
        fix=(Fix(HOSTILE, HOSTILE),),
    )
    verdict = replace(
        handmadeverdicts.FAILED,
        root_cause=root,
        findings=(root, replace(root, id="F2")),
        path=(PathHop(4, Role.SERVER, HOSTILE),),
        capture=replace(handmadeverdicts.CAPTURE, files=(HOSTILE,)),
        notes=(HOSTILE,),
    )
    text = terminal.render(verdict, PLAIN)
    assert "\\x1b]0;owned\\x07\\u202e\\nroot_cause" in text
    assert_tame(text)


@given(st.text(max_size=200), st.integers(40, 100))
def test_no_text_steers_the_terminal(text: str, width: int) -> None:
    root = replace(handmadeverdicts.CHAIN, summary=text, fix=(Fix(text, text),))
    verdict = replace(handmadeverdicts.FAILED, root_cause=root, findings=(root,), notes=(text,))
    assert_tame(terminal.render(verdict, Style(width=width)))


def assert_tame(text: str) -> None:
    assert all(unicodedata.category(c)[0] != "C" for c in text if c != "\n")


def test_style_follows_the_stream_and_the_environment() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert not detect(stream, {}).unicode
    assert not detect(stream, {}).color
    terminal_like = Tty(io.BytesIO(), encoding="utf-8")
    assert detect(terminal_like, {}) == replace(detect(terminal_like, {}), unicode=True, color=True)
    assert not detect(terminal_like, {"NO_COLOR": "1"}).color
    assert not detect(terminal_like, {"TERM": "dumb"}).color
    assert detect(terminal_like, {"NO_COLOR": ""}).color


class Tty(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_recording_is_diagnosed_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.diagnose_and_print(SAMPLES / "tls.chain_incomplete-basic")
    assert capsys.readouterr().out.startswith("FAILED  tls.chain_incomplete: ")
