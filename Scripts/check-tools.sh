#!/bin/sh
# Checks for Swift 6.3 and installs the Debian packages of the C libraries that are missing.
set -eu

needed=6.3
if ! command -v swift >/dev/null 2>&1; then
  echo "Swift is not installed. Pare needs Swift $needed or later: https://www.swift.org/install/linux" >&2
  exit 1
fi
found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
oldest=$(printf '%s\n%s\n' "$needed" "${found:-0}" | sort -V | head -n 1)
if [ "$oldest" != "$needed" ]; then
  echo "Swift ${found:-of an unknown version} is too old. Pare needs Swift $needed or later: https://www.swift.org/install/linux" >&2
  exit 1
fi

# Each library by the name that pkg-config knows it by, and the package that brings it.
missing=
command -v pkg-config >/dev/null 2>&1 || missing="pkg-config"
for pair in libprotobuf-c:libprotobuf-c-dev zlib:zlib1g-dev libjpeg:libjpeg62-turbo-dev libpng:libpng-dev libsodium:libsodium-dev; do
  if ! pkg-config --exists "${pair%%:*}" 2>/dev/null; then
    missing="$missing ${pair#*:}"
  fi
done
# Data of ONNX's own tests, a package of Debian's; without them the conformance tests are skipped.
if command -v apt-get >/dev/null 2>&1 && [ ! -d /usr/share/libonnx-testdata/data ]; then
  missing="$missing libonnx-testdata"
fi
# The reader in Python is compared with the one in Swift; without numpy those tests are skipped.
if command -v apt-get >/dev/null 2>&1 && ! python3 -c 'import numpy' 2>/dev/null &&
  ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  missing="$missing python3-numpy"
fi
# Signatures are compared with minisign's; without it that test is skipped.
if command -v apt-get >/dev/null 2>&1 && ! command -v minisign >/dev/null 2>&1; then
  missing="$missing minisign"
fi
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2086 — a list of packages
"$(dirname "$0")/install-packages.sh" $missing
