#!/bin/sh
# Installs the Debian packages that are named, or says that they are missing.
set -eu
if ! command -v apt-get >/dev/null 2>&1; then
  echo "Missing: $*. Install these libraries with your system's package manager." >&2
  exit 1
fi
echo "Installing $*"
as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "Missing: $*. As root: apt-get install $*" >&2
    exit 1
  fi
  as_root=sudo
fi
$as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"
