#!/bin/sh
# Fuzzes importer and artifacts for SECONDS each: Fuzz/run.sh SECONDS [fuzz-import|fuzz-model ...]
#
# What fails is left in Fuzz/found; libFuzzer says how. Small it down with
#   Fuzz/.build/release/fuzz-import -minimize_crash=1 -runs=10000 FILE
# fix the cause, and put it into Tests/FuzzTests/Regressions, which `make test` replays.
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- fuzz-import fuzz-model

# SwiftPM's options bring libFuzzer's main; the compiler's make Swift count its branches as C does.
swift build -c release --sanitize=fuzzer --sanitize=address \
  -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing -Xswiftc -DMEMORY_CHECKED

mkdir -p found
failed=0
for target in "$@"; do
  seeds=Corpus/${target#fuzz-}
  grown=.build/corpus-$target
  mkdir -p "$grown"
  echo "$target: $seconds s"
  # Standard input is not a terminal, or a crash may wait for one. Swift keeps flags in pointers, so that
  # what lives in constants looks lost: leaks are not looked for.
  ASAN_OPTIONS=detect_leaks=0 nice -n 10 .build/release/"$target" -max_total_time="$seconds" -max_len=8000 -timeout=20 \
    -rss_limit_mb=1024 -detect_leaks=0 -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 \
    -artifact_prefix="found/$target-" "$grown" "$seeds" </dev/null 2>&1 |
    grep -E '^#[0-9]+:|ERROR|SUMMARY|Fatal error' | tail -n 20 || true
done
if [ -n "$(ls found)" ]; then
  echo "failing inputs are in Fuzz/found:" >&2
  ls -l found >&2
  exit 1
fi
