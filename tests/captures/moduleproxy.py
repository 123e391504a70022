"""Servers on this machine that a real go command downloads from, well or badly."""

from __future__ import annotations

import contextlib
import io
import select
import socket
import ssl
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MODULE, VERSION = "example.test/hello", "v1.0.0"


@dataclass(frozen=True)
class Identity:
    """A certificate file with its key, and the root that signed it."""

    chain: Path
    root_pem: str
    root: Path


def make_identity(folder: Path, name: str = "localhost") -> Identity:
    """Make a root and a certificate for `name` that it signed."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Root")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    root = _certificate(issuer, issuer, root_key, root_key, None)
    leaf = _certificate(subject, issuer, key, root_key, name)
    encoding = serialization.Encoding.PEM
    root_pem = root.public_bytes(encoding).decode()
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "chain.pem").write_bytes(leaf.public_bytes(encoding) + root_pem.encode() + private)
    (folder / "root.pem").write_text(root_pem)
    return Identity(folder / "chain.pem", root_pem, folder / "root.pem")


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    name: str | None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name is None, path_length=None), critical=True)
    )
    if name:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


class _ModuleProxy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        contents = module_files().get(self.path)
        self.send_response(200 if contents is not None else 404)
        self.send_header("Content-Length", str(len(contents or b"")))
        self.end_headers()
        self.wfile.write(contents or b"")

    do_HEAD = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that clients turn away is what the tests are about."""


def module_files() -> dict[str, bytes]:
    """Give what a module proxy answers for the one module there is."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{MODULE}@{VERSION}/go.mod", f"module {MODULE}\n")
        file.writestr(f"{MODULE}@{VERSION}/a.go", "package hello\n")
    base = f"/{MODULE}/@v/{VERSION}"
    return {
        f"{base}.info": f'{{"Version":"{VERSION}"}}'.encode(),
        f"{base}.mod": f"module {MODULE}\n".encode(),
        f"{base}.zip": archive.getvalue(),
    }


@contextlib.contextmanager
def module_proxy(identity: Identity | None = None) -> Iterator[int]:
    """Serve the module on a loopback port, with TLS when there is an identity."""
    server = _Server(("127.0.0.1", 0), _ModuleProxy)
    if identity:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.chain)
        # The handshake belongs to each connection's thread, where its failure harms nobody.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def listener(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection to a loopback port with `serve`, one after the other."""
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def accept() -> None:
            while not stopping.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        connection.settimeout(5)
                        serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stopping.set()
            thread.join()


def connect_proxy(heads: list[bytes], target_port: int) -> Callable[[socket.socket], None]:
    """Give a CONNECT proxy that leads every tunnel to `target_port` and notes what it was told."""

    def serve(client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = client.recv(4096)
            if not chunk:
                return
            head += chunk
        heads.append(head)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with socket.create_connection(("127.0.0.1", target_port)) as server:
            _pipe(client, server)

    return serve


def _pipe(one: socket.socket, other: socket.socket) -> None:
    peers = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(peers), [], [], 5)
        for end in ready:
            data = end.recv(65536)
            if not data:
                return
            peers[end].sendall(data)
        if not ready:
            return
