#!/bin/sh
# Times the samples in float and in int8, layer by layer.
set -eu
bin=${1:-.build/release}
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for name in digits_resnet digits_mobile; do
  "$bin/convert" "samples/$name.onnx" -o "$out/$name.pare" --quantize int8 --preprocess unit \
    --calibration samples/digits/calibration --quiet
  for file in "samples/$name.onnx" "$out/$name.pare"; do
    "$bin/pare" bench "$file" --runs 200 --profile
  done
done
