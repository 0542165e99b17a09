#!/bin/sh
# Compares every kernel of one architecture with its portable reference: check-kernels.sh x86_64|aarch64.
# The checks are built as Embedded Swift, so that those of aarch64 need no Swift SDK: they are linked
# with Debian's C library for it and run under an emulator.
set -eu
cd "$(dirname "$0")/.."
architecture=${1:-$(uname -m)}
case $architecture in
  x86_64) swift_target=x86_64-unknown-linux-gnu ;;
  aarch64) swift_target=aarch64-none-none-elf ;;
  *) echo "usage: check-kernels.sh [x86_64|aarch64]" >&2; exit 2 ;;
esac
run=
if [ "$architecture" != "$(uname -m)" ]; then
  missing=
  command -v "qemu-$architecture" >/dev/null 2>&1 || missing="qemu-user"
  [ -e /usr/aarch64-linux-gnu/lib/libc.a ] || missing="$missing libc6-dev-arm64-cross"
  [ -d /usr/lib/gcc-cross/aarch64-linux-gnu ] || missing="$missing gcc-aarch64-linux-gnu"
  # shellcheck disable=SC2086 — a list of packages
  [ -z "$missing" ] || Scripts/install-packages.sh $missing
  run="qemu-$architecture -cpu max"
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
clang=$(dirname "$(command -v swiftc)")/clang
[ -x "$clang" ] || clang=clang

printf 'module CKernels {\n  umbrella "%s/Sources/CKernels/include"\n  export *\n}\n' "$PWD" >"$out/module.modulemap"
compile() { # module, folder, optimization
  find "$2" -name '*.swift' -print0 | sort -z | xargs -0 swiftc \
    -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility \
    -swift-version 6 -warnings-as-errors -package-name pare -target "$swift_target" -wmo \
    -parse-as-library "$3" -Xfrontend -function-sections -module-name "$1" -I "$out" \
    -Xcc "-fmodule-map-file=$out/module.modulemap" \
    -emit-module -emit-module-path "$out/$1.swiftmodule" -c -o "$out/$1.o"
}
compile Kernels Sources/Kernels -O
# Not optimized, which crashes the compiler in its loop-invariant code motion.
compile KernelCheck Tests/KernelCheck -Onone
for file in $(find Sources/CKernels -name '*.c') Tests/KernelCheck/main.c; do
  "$clang" --target="$architecture-linux-gnu" -std=c11 -O2 -Wall -Wextra -Werror -ISources/CKernels/include \
    -c "$file" -o "$out/$(echo "$file" | tr / _).o"
done
# Comparing strings takes tables that come with the toolchain.
unicode=$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift/embedded/$swift_target
"$clang" -fuse-ld=lld --target="$architecture-linux-gnu" -static -Wl,--gc-sections "$out"/*.o \
  "$unicode/libswiftUnicodeDataTables.a" -lm -lpthread -o "$out/check"
$run "$out/check"
