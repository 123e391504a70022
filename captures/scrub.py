"""Blanks credentials inside a recorded pcapng file, in place, keeping every length.

A CONNECT to a proxy carries `Proxy-Authorization` in clear text. The value is overwritten by as
many asterisks, so frames, lengths and sequence numbers stay; only TCP checksums no longer fit.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from captures.modulepaths import PrivatePaths

#: The value of headers that prove who one is, in HTTP/1 requests and answers.
_HEADER = re.compile(
    rb"(?i)\r\n(?:(?:proxy-)?authorization|(?:set-)?cookie|private-token)[ \t]*:[ \t]*([^\r\n]+)"
)
#: The target of an HTTP/1 request.
_REQUEST = re.compile(rb"(?:GET|HEAD) (\S+) HTTP/1\.")
_PACKET_BLOCKS = {6: 28, 3: 12}  #: enhanced and simple packet: where the data starts

#: Fewer bytes, what stands before them included, could hit an innocent packet.
_MIN_SECRET = 6


def scrub(
    path: Path, secrets: Sequence[tuple[bytes, bytes]], private: PrivatePaths | None = None
) -> int:
    """Blank credentials in the packets of `path`, and give how many. Raises OSError.

    Each of `secrets` is blanked where it follows the bytes named with it; with `private`, so are
    module paths in requests. The file must be in native byte order, as badhop's recorders write it.
    """
    if path.stat().st_size == 0:
        return 0
    patterns = [_HEADER]
    for before, secret in secrets:
        if len(before + secret) >= _MIN_SECRET:
            patterns.append(re.compile(re.escape(before) + b"(" + re.escape(secret) + b")"))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        # One fast look first: nearly every recording is encrypted from end to end.
        suspects = [pattern for pattern in patterns if pattern.search(content)]
        hides_paths = private is not None and _REQUEST.search(content)
        spans: list[tuple[int, int]] = []
        for start, end in _packets(content) if suspects or hides_paths else ():
            for pattern in suspects:
                spans += [match.span(1) for match in pattern.finditer(content, start, end)]
            if private is not None:
                spans += _private_spans(content, start, end, private)
        for begin, stop in spans:
            content[begin:stop] = b"*" * (stop - begin)
    return len(spans)


def _private_spans(
    content: mmap.mmap, start: int, end: int, private: PrivatePaths
) -> Iterator[tuple[int, int]]:
    for match in _REQUEST.finditer(content, start, end):
        target = match.group(1).decode("latin-1")
        for begin, stop in private.spans(target):
            yield match.start(1) + begin, match.start(1) + stop


def _packets(content: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Give where the data of each packet starts and ends."""
    at = 0
    while at + 12 <= len(content):
        kind, length = struct.unpack_from("=II", content, at)
        if length < 12 or at + length > len(content):
            return
        if kind in _PACKET_BLOCKS:
            yield at + _PACKET_BLOCKS[kind], at + length - 4
        at += length
