#!/bin/sh
# Diagnoses a recorded download, then records one where that is possible. `make demo` runs it.
set -eu
cd "$(dirname "$0")/.."
badhop=$BIN/badhop

# badhop's exit status is its verdict, and 1 (a cause was found) is what a demo hopes for.
diagnose() {
    status=0
    "$badhop" diagnose "$1" || status=$?
    [ "$status" -le 1 ] || [ "$status" -eq 3 ]
}

sample=
for candidate in samples/tls.chain_incomplete-basic/ samples/*/; do
    if [ -f "$candidate/capture.pcapng" ]; then
        sample=${candidate%/}
        break
    fi
done

if [ -n "$sample" ]; then
    printf '$ badhop diagnose %s\n\n' "$sample"
    diagnose "$sample"
else
    echo 'This checkout holds no samples yet.'
fi

cat <<END

Record your own failing download (as root, or see docs/capture-permissions.md):

    $badhop capture -- go mod download

END

# A recording needs a recorder with the right to listen, and go. BADHOP_DEMO_RECORD=0 leaves it out.
record=${BADHOP_DEMO_RECORD:-}
if [ -z "$record" ] && [ "$(id -u)" -eq 0 ] && command -v go >/dev/null 2>&1; then
    if command -v dumpcap >/dev/null 2>&1 || command -v tcpdump >/dev/null 2>&1; then
        record=1
    fi
fi
[ "${record:-0}" = 1 ] || exit 0

scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
# Without a network this fails, and that too gets a verdict: the time limit keeps it short.
echo 'Recording the download of one small module (15 s at most):'
echo
repository=$PWD
cd "$scratch"
GOMODCACHE=$scratch/modules GOTOOLCHAIN=local GOFLAGS=-modcacherw \
    "$repository/$badhop" capture -o "$scratch/recording" -- \
    timeout -s INT 15 go mod download rsc.io/quote@v1.5.2 || true
