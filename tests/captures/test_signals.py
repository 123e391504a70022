"""`captures.signals`: badhop outlives what ends the command. Keys are tested in test_terminal."""

from __future__ import annotations

import os
import signal

import pytest

from captures import signals
from captures.signals import SignalRelay


def test_signals_are_forwarded_and_counted_as_an_interruption() -> None:
    got: list[int] = []
    with SignalRelay() as relay:
        assert not relay.interrupted
        relay.forward = got.append
        os.kill(os.getpid(), signal.SIGTERM)
        assert relay.interrupted
    assert got == [signal.SIGTERM]


def test_ctrl_c_is_not_doubled_but_insisting_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "in_foreground", lambda: True)
    got: list[int] = []
    with SignalRelay() as relay:
        relay.forward = got.append
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
    assert got == [signal.SIGINT]


def test_an_interrupt_without_a_terminal_is_forwarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "in_foreground", lambda: False)
    got: list[int] = []
    with SignalRelay() as relay:
        relay.forward = got.append
        os.kill(os.getpid(), signal.SIGINT)
    assert got == [signal.SIGINT]


def test_a_new_window_size_is_no_interruption() -> None:
    sizes: list[str] = []
    with SignalRelay() as relay:
        relay.resize = lambda: sizes.append("resized")
        os.kill(os.getpid(), signal.SIGWINCH)
        assert not relay.interrupted
    assert sizes == ["resized"]


def test_everything_is_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with SignalRelay():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGTERM) == before
