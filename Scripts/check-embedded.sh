#!/bin/sh
# Compiles what runs on a device as Embedded Swift for bare metal: no Foundation, no existentials, no
# reflection can slip in. Nothing is linked or run.
set -eu
cd "$(dirname "$0")/.."
for target in ${1:-aarch64-none-none-elf}; do
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
  for library in CDigests CKernels; do
    printf 'module %s {\n  umbrella "%s/Sources/%s/include"\n  export *\n}\n' $library "$PWD" $library
  done >"$out/module.modulemap"
  for module in ModelFormat Kernels Operators Interpreter; do
    find "Sources/$module" -name '*.swift' -print0 | sort -z | xargs -0 swiftc \
      -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
      -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility \
      -swift-version 6 -package-name pare -target "$target" -wmo -parse-as-library -Onone \
      -module-name "$module" -I "$out" -Xcc "-fmodule-map-file=$out/module.modulemap" \
      -emit-module -emit-module-path "$out/$module.swiftmodule" -c -o "$out/$module.o"
    echo "$target: $module compiles"
  done
done
