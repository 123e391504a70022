"""`captures.sockets`: the connections of a process and its children are seen."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.session import Socket
from captures.sockets import SocketWatch, connected

_LITTLE = sys.byteorder == "little"
_TCP = (
    "   1: 0100007F:9C40 0200007F:01BB 01 00000000:00000000 00:00000000 00000000 0 0 4711",
    "   2: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4712",
    "   3: 0100007F:9C41 0200007F:01BB 06 00000000:00000000 00:00000000 00000000 0 0 0",
    "   4: garbage",
)
_TCP6 = (
    "   1: B80D0120000000000000000001000000:9C40 0000000000000000FFFF00000200007F:01BB 01 "
    "00000000:00000000 00:00000000 00000000 0 0 99",
)


@pytest.mark.skipif(not _LITTLE, reason="the tables are in the byte order of the machine")
def test_tables_are_read() -> None:
    assert list(connected(_TCP, "tcp")) == [
        (4711, Socket("tcp", "127.0.0.1", 40000, "127.0.0.2", 443))
    ]
    assert list(connected(_TCP6, "tcp")) == [
        (99, Socket("tcp", "2001:db8::1", 40000, "127.0.0.2", 443))
    ]


@given(st.lists(st.text("0123456789ABCDEF: ", max_size=80)))
def test_no_table_is_too_strange(lines: list[str]) -> None:
    list(connected(lines, "tcp"))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_sockets_of_children_are_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = (
            f"import socket,time; c = socket.create_connection(('127.0.0.1', {port}));"
            "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(('127.0.0.1', 53));"
            "time.sleep(9)"
        )
        shell = subprocess.Popen(["sh", "-c", f'"{sys.executable}" -c "{script}" & wait'])
        watch = SocketWatch(shell.pid)
        watch.start()
        try:
            connection, (_, client_port) = server.accept()
            time.sleep(0.5)
        finally:
            found = watch.stop()
            children = [pid for pid in watch._known_pids if pid != shell.pid]
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            shell.wait()
        connection.close()
    assert Socket("tcp", "127.0.0.1", client_port, "127.0.0.1", port) in found
    assert any(entry.protocol == "udp" and entry.remote_port == 53 for entry in found)


def test_a_process_that_is_gone_has_none() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    watch = SocketWatch(process.pid)
    watch.poll()
    assert watch.stop() == ()
