#!/bin/sh
# Fuzzes everything that reads files for SECONDS each: Fuzz/run.sh SECONDS [fuzz-import|fuzz-model ...]
#
# What fails is left in Fuzz/found; libFuzzer says how. Small it down with
#   Fuzz/.build/release/fuzz-import -minimize_crash=1 -runs=10000 FILE
# fix the cause, and put it into Tests/FuzzTests/Regressions, which `make test` replays.
#
# An input fails that crashes, that takes 5 seconds (the sanitizer takes most of them: without it that is
# less than one), or 256 MiB more than an empty one.
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] ||
  set -- fuzz-import fuzz-model fuzz-unpack fuzz-patch fuzz-keys fuzz-images fuzz-datasets

# SwiftPM's options bring libFuzzer's main; the compiler's make Swift count its branches as C does.
swift build -c release --sanitize=fuzzer --sanitize=address \
  -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing -Xswiftc -DMEMORY_CHECKED

# Targets that read files by path have them in memory, where that can be.
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/pare-fuzz.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
# Swift keeps flags in pointers, so that what lives in constants looks lost: leaks are not looked for.
# Freed memory is held back, but not so much that it counts.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16

mkdir -p found
summary=.build/summary
: >"$summary"
for target in "$@"; do
  name=${target#fuzz-}
  binary=.build/release/$target
  grown=.build/corpus-$target
  log=.build/log-$target
  mkdir -p "$grown"
  seeds=
  for folder in "Corpus/$name" "../Tests/FuzzTests/Regressions/$name"; do
    [ -d "$folder" ] && seeds="$seeds $folder"
  done
  largest=8000
  case $name in
  model) [ -d ../Tests/ModelFormatTests/Refused ] && seeds="$seeds ../Tests/ModelFormatTests/Refused" ;;
  images | datasets)
    seeds="$seeds ../Tests/DatasetsTests/Fixtures"
    largest=18000
    ;;
  esac
  baseline=$("$binary" -runs=1 -print_final_stats=1 2>&1 </dev/null |
    sed -n 's/^stat::peak_rss_mb: *//p')
  limit=$((${baseline:-128} + 256))
  echo "$target: $seconds s, at most $limit MiB"
  # Standard input is not a terminal, or a crash may wait for one.
  # shellcheck disable=SC2086 — a list of folders
  nice -n 15 "$binary" -max_total_time="$seconds" -max_len="$largest" -timeout=5 \
    -rss_limit_mb="$limit" -malloc_limit_mb=256 -detect_leaks=0 -fork=1 -ignore_crashes=1 \
    -ignore_timeouts=1 -ignore_ooms=1 -artifact_prefix="found/$target-" "$grown" $seeds \
    </dev/null >"$log" 2>&1 || true
  grep -E 'ERROR|SUMMARY|Fatal error' "$log" | sort | uniq -c | sort -rn | head -n 10 || true
  edges=$(sed -n 's/.*(\([0-9]*\) inline 8-bit counters).*/\1/p' "$log" | head -n 1)
  grep -E '^#[0-9]+: cov:' "$log" | tail -n 1 |
    sed -n "s/^#\([0-9]*\): cov: \([0-9]*\) ft: \([0-9]*\).*crash: \(.*\) time: \([0-9]*\)s.*/$target: \1 executions in \5 s, \2 of ${edges:-?} edges, \3 features, oom\/timeout\/crash \4/p" >>"$summary"
done
cat "$summary"
if [ -n "$(ls found)" ]; then
  echo "failing inputs are in Fuzz/found:" >&2
  ls -l found >&2
  exit 1
fi
