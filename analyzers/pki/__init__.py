"""X.509 as Go's crypto/x509 reads and verifies it: DER, names, extensions, signatures, paths."""
