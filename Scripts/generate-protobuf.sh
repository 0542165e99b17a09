#!/bin/sh
# Regenerates the C that reads and writes the messages of schemas/. Needs protoc-c (Debian package
# protobuf-c-compiler); what it makes is checked in, so that building needs libprotobuf-c alone.
set -eu
cd "$(dirname "$0")/.."

generate() { # schema, target
  [ -f "schemas/$1.proto" ] || return 0
  made=$(mktemp -d)
  protoc-c --proto_path=schemas --c_out="$made" "schemas/$1.proto"
  mkdir -p "Sources/$2/include"
  mv "$made/$1.pb-c.c" "Sources/$2/$1.pb-c.c"
  mv "$made/$1.pb-c.h" "Sources/$2/include/$1.pb-c.h"
  rmdir "$made"
  echo "Sources/$2: $1.pb-c.c, include/$1.pb-c.h"
}

generate onnx CSchemas
generate pare CSchemas
