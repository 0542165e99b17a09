#!/bin/sh
# Kills commands TRIALS times at random, lets every call by which they read or write fail in every way, and
# fills disks: Scripts/faults.sh [TRIALS]
#
# What a command must keep: the file under its final name is the old one or the new one, and the same
# command again comes to its end. Tests/CommandLineTests/Faults has the commands and the rules.
set -eu
cd "$(dirname "$0")/.."
trials=${1:-1000}
options="-c release -Xswiftc -enable-testing --scratch-path .build/tests"
# shellcheck disable=SC2086 — a list of options
swift build $options --build-tests
# shellcheck disable=SC2086
FAULT_TRIALS=$trials swift test $options --skip-build --no-parallel \
  --filter 'KillTests|FailingCallTests|DiskTests'
