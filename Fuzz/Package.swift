// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building Pare needs no sanitizer. Fuzz/run.sh builds and runs it.

/// A target of libFuzzer, which brings `main`; its Swift must not.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies,
    swiftSettings: [.unsafeFlags(["-parse-as-library"])])
}

let ship: [Target.Dependency] = [
  .product(name: "Ship", package: "pare"), .product(name: "ModelFormat", package: "pare"),
]
let samples: [Target.Dependency] = [
  .product(name: "Datasets", package: "pare"), .product(name: "ModelFormat", package: "pare"),
]

let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "pare", path: "..")],
  targets: [
    fuzzer(
      "fuzz-import",
      [
        .product(name: "Convert", package: "pare"), .product(name: "ModelFormat", package: "pare"),
      ]),
    fuzzer(
      "fuzz-model",
      [
        .product(name: "Interpreter", package: "pare"),
        .product(name: "ModelFormat", package: "pare"),
      ]),
    fuzzer("fuzz-unpack", ship),
    fuzzer("fuzz-patch", ship),
    fuzzer("fuzz-keys", ship),
    fuzzer("fuzz-images", samples),
    fuzzer("fuzz-datasets", samples),
  ],
  swiftLanguageModes: [.v6]
)
