"""Key logs: which lines count, for which handshakes, and what is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from captures import keylog
from captures.keylog import UnreadableKeyLog

ONE, OTHER = bytes(range(32)), bytes(range(32, 64))
SECRET = b"5e" * 48


def line(label: str, client_random: bytes = ONE, secret: bytes = SECRET) -> bytes:
    return b" ".join((label.encode(), client_random.hex().encode(), secret))


MODERN = b"\n".join(
    line(label)
    for label in (
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_TRAFFIC_SECRET_0",
        "CLIENT_TRAFFIC_SECRET_0",
    )
)


def test_only_wanted_handshakes_are_picked() -> None:
    text = b"# made by a test\n" + line("CLIENT_RANDOM") + b"\n" + line("CLIENT_RANDOM", OTHER)
    (found,) = keylog.select([text], {OTHER}).items()
    assert found[0] == OTHER
    assert found[1].text == line("CLIENT_RANDOM", OTHER) + b"\n"


def test_lines_of_several_logs_come_together_once() -> None:
    halves = MODERN.split(b"\n")
    logs = [b"\n".join(halves[:2]), b"\r\n".join(halves), MODERN]
    assert keylog.select(logs, {ONE})[ONE].text == MODERN + b"\n"


@pytest.mark.parametrize(
    ("labels", "opens"),
    [
        (["CLIENT_RANDOM"], True),
        (["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"], True),
        (["CLIENT_TRAFFIC_SECRET_0"], False),
        (["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET"], False),
    ],
)
def test_what_secrets_open(labels: list[str], opens: bool) -> None:
    text = b"\n".join(map(line, labels))
    assert keylog.select([text], {ONE})[ONE].opens_data is opens


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"# only a comment",
        b"RSA 0123456789abcdef " + SECRET,
        b"CLIENT_RANDOM " + b"zz" * 32 + b" " + SECRET,
        b"CLIENT_RANDOM " + ONE.hex().encode() + b" " + b"5e" * 9999,
        line("CLIENT_RANDOM") + b" more",
        b"client_random " + ONE.hex().encode() + b" " + SECRET,
        random.Random(1).randbytes(100_000),
        b"CLIENT_RANDOM " * 50_000,
    ],
)
def test_what_is_no_key_log_holds_no_secrets(text: bytes) -> None:
    assert not keylog.holds_secrets(text)
    assert keylog.select([text], {ONE}) == {}


def test_more_labels_than_a_handshake_can_have_are_left_out() -> None:
    text = b"\n".join(line(f"LABEL_{number}") for number in range(500))
    assert len(keylog.select([text], {ONE})[ONE].lines) == 16


def test_a_file_is_read_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    path.write_bytes(MODERN)
    assert keylog.read(path) == MODERN
    monkeypatch.setattr(keylog, "MAX_KEY_LOG", 10)
    assert keylog.read(path) == MODERN[:10]


@pytest.mark.parametrize("name", ["missing", ".", "a\0b"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableKeyLog) as caught:
        keylog.read(tmp_path / name)
    assert "SSLKEYLOGFILE" in caught.value.hint
