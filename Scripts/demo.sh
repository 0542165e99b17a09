#!/bin/sh
# Converts a sample, inspects it, runs it on sample images, and prints before and after.
set -eu
bin=${1:-.build/release}
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

model=samples/digits_resnet.onnx
artifact=$out/digits_resnet.pare
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }

say "convert $model --prune 0.5 --quantize int8 --calibration samples/digits/calibration"
"$bin/convert" "$model" -o "$artifact" --prune 0.5 --quantize int8 \
  --calibration samples/digits/calibration --preprocess unit --labels samples/digits/labels.txt \
  --data samples/digits/test --progress none

say "inspect digits_resnet.pare"
"$bin/inspect" "$artifact"

say "pare run digits_resnet.pare samples/digits/test/*/…png"
for class in 3 7; do
  "$bin/pare" run "$artifact" "$(ls samples/digits/test/$class/*.png | head -n 1)" --top 2
done

say "before and after"
# One figure of a command's JSON, by the name of its key.
figure() { sed -n 's/.*"'"$1"'" : \([0-9.]*\).*/\1/p' | head -n 1; }
bytes() { wc -c <"$1" | tr -d ' '; }
accuracy() { "$bin/pare" evaluate "$1" --data samples/digits/test --preprocess unit --json | figure top1; }
latency() { "$bin/pare" bench "$1" --runs 200 --json | figure median; }
printf '%-26s %12s %12s %14s\n' '' bytes top-1 'ms (1 thread)'
for file in "$model" "$artifact"; do
  printf '%-26s %12s %12s %14.4f\n' "$(basename "$file")" "$(bytes "$file")" "$(accuracy "$file")" "$(latency "$file")"
done
