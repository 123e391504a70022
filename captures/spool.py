"""Where capture bytes come from: files, directories, pipes; compressed ones are unpacked.

Whatever cannot be read at random places is first copied to an unlinked temporary file.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from captures.errors import UnreadableCapture
from captures.store import ByteStore

#: Most bytes a stream or a compressed file may unpack to. A download that takes more than 8 GiB
#: of packets to fail is better cut with `editcap -A -B` first.
MAX_SPOOL = 8 << 30
#: Above `_FREE_RATIO` bytes, more than this many times the compressed size is a bomb: captures
#: compress 2 to 20 times, deflate cannot exceed 1032 times, zstd can.
_MAX_RATIO = 200
_FREE_RATIO = 1 << 30

_CHUNK = 1 << 20

#: What a session directory calls its capture, in order of preference.
_IN_DIRECTORY = ("capture.pcapng", "capture.pcap")
_SUFFIXES = (".pcapng", ".pcap", ".cap", ".pcapng.gz", ".pcap.gz")

Sniffer = Callable[[bytes], str | None]
"""Tells from a file's first bytes why it is no capture, None if it is one."""


def open_bytes(
    source: str | os.PathLike[str] | BinaryIO, refuse: Sniffer
) -> tuple[str, ByteStore, str | None]:
    """Return the name, the bytes, and why the bytes end early (None if they do not)."""
    if isinstance(source, str | os.PathLike):
        name = os.fspath(source)
        if name != "-":
            path = _in_directory(Path(name))
            return str(path), *_open_path(path, refuse)
        source = sys.stdin.buffer
    name = "-" if source is sys.stdin.buffer else str(getattr(source, "name", "-"))
    return name, *_open_stream(source, name, refuse)


def spoken(name: str) -> str:
    """The name of a source in a sentence."""
    return "standard input" if name == "-" else name


def _in_directory(path: Path) -> Path:
    if not path.is_dir():
        return path
    for name in _IN_DIRECTORY:
        if (path / name).is_file():
            return path / name
    found = sorted(item for item in path.iterdir() if item.name.endswith(_SUFFIXES))
    if len(found) == 1:
        return found[0]
    count = f"{len(found)} captures" if found else "no capture"
    raise UnreadableCapture(f"{path} is a directory with {count}", "Name the capture file.")


def _open_path(path: Path, refuse: Sniffer) -> tuple[ByteStore, str | None]:
    try:
        with path.open("rb", buffering=0) as file:
            return _open_file(file, str(path), refuse)
    except (OSError, ValueError) as error:
        # ValueError: a NUL byte in the name.
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableCapture(f"{path}: {reason}", "Check the name and your access.") from error


def _open_stream(file: BinaryIO, name: str, refuse: Sniffer) -> tuple[ByteStore, str | None]:
    if _is_untouched_file(file):
        return _open_file(file, name, refuse)
    return _unpack(_spool(file.read, name, MAX_SPOOL, refuse), name, refuse)


def _is_untouched_file(file: BinaryIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and file.tell() == 0
    except (OSError, ValueError, AttributeError):
        return False  # nothing with a descriptor, such as BytesIO


def _open_file(file: Any, name: str, refuse: Sniffer) -> tuple[ByteStore, str | None]:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        return _unpack(_spool(file.read, name, MAX_SPOOL, refuse), name, refuse)
    return _unpack((ByteStore(os.dup(file.fileno()), status.st_size), None), name, refuse)


def _unpack(
    opened: tuple[ByteStore, str | None], name: str, refuse: Sniffer
) -> tuple[ByteStore, str | None]:
    """Replace a compressed store by its contents."""
    store, cut = opened
    try:
        head = store.read(0, 32)
        if not head:
            raise UnreadableCapture(f"{spoken(name)} is empty")
        if not is_compressed(head):
            return opened
        allowed = min(MAX_SPOOL, max(_FREE_RATIO, _MAX_RATIO * store.size))
        with store.reader() as raw:
            unpacked, early = _spool(_decompressor(raw, head, name), name, allowed, refuse)
        store.close()
        return unpacked, early or cut
    except BaseException:
        store.close()
        raise


def is_compressed(head: bytes) -> bool:
    """Tell whether a file that starts so is unpacked here."""
    return head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))


def _decompressor(raw: BinaryIO, head: bytes, name: str) -> Callable[[int], bytes]:
    """Return a function that reads at most so many bytes of the contents."""
    if head.startswith(b"\x1f\x8b"):
        import gzip

        # read1, unlike read, returns what there is before it raises.
        return gzip.GzipFile(fileobj=raw).read1
    return _zstd(raw, name)


def _zstd(raw: BinaryIO, name: str) -> Callable[[int], bytes]:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        pass
    else:
        read: Callable[[int], bytes] = zstd.ZstdFile(raw).read1
        return read
    try:
        import zstandard
    except ImportError:
        raise UnreadableCapture(
            f"{name} is compressed with zstd, which this Python cannot unpack",
            "Run `zstd -d` on it, or install the Python package zstandard.",
        ) from None
    # 128 MiB is what `zstd -d` itself accepts without being asked (its --long default).
    unpacker = zstandard.ZstdDecompressor(max_window_size=128 << 20)
    return unpacker.stream_reader(raw, read_across_frames=True).read1


def _spool(
    read: Callable[[int], bytes], name: str, allowed: int, refuse: Sniffer
) -> tuple[ByteStore, str | None]:
    """Copy a stream to an unlinked temporary file."""
    cut: str | None = None
    size, head = 0, b""
    with tempfile.TemporaryFile() as file:
        while True:
            try:
                chunk = read(_CHUNK)
            except (EOFError, OSError, ValueError, zlib.error, _zstd_error()) as error:
                cut = f"unpacking stopped: {str(error).rstrip('.') or type(error).__name__}"
                break
            if not chunk:
                break
            size += len(chunk)
            if len(head) < 32:
                head += chunk[:32]
                reason = None if len(head) < 32 or is_compressed(head) else refuse(head)
                if reason:
                    raise UnreadableCapture(f"{spoken(name)} {reason}")
            if size > allowed:
                raise UnreadableCapture(
                    f"{name} unpacks to more than {allowed >> 20} MiB",
                    "Unpack it yourself and cut the interesting minutes out with editcap -A -B.",
                )
            _write(file, chunk)
        file.flush()
        return ByteStore(os.dup(file.fileno()), size), cut


def _write(file: Any, chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise UnreadableCapture(
            f"no room to unpack the capture in {tempfile.gettempdir()}: {error.strerror}",
            "Set TMPDIR to a directory with more room.",
        ) from error


def _zstd_error() -> type[Exception]:
    module = sys.modules.get("compression.zstd") or sys.modules.get("zstandard")
    error: type[Exception] = getattr(module, "ZstdError", EOFError)
    return error
