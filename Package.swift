// swift-tools-version: 6.2
import PackageDescription

// Every target: Swift 6 mode, warnings are errors, imports are private and stated, no existentials
// without `any`. `Lifetimes` lets an owner hand out spans that cannot outlive it.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

/// A library target with the settings above.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A test target `<module>Tests`; `exclude` names its folders of files that tests read.
func tests(
  _ module: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: module + "Tests",
    dependencies: [.init(stringLiteral: module), "TestSupport"] + dependencies,
    exclude: exclude, swiftSettings: settings)
}

/// One of the three commands: a `main` that calls into CommandLine.
func tool(_ name: String) -> Target {
  .executableTarget(
    name: name,
    dependencies: [
      "CommandLine", .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: settings)
}

let package = Package(
  name: "pare",
  products: [
    .library(name: "ModelFormat", targets: ["ModelFormat"]),
    .library(name: "Interpreter", targets: ["Interpreter"]),
    .library(name: "Convert", targets: ["Convert"]),
    .library(name: "Inspect", targets: ["Inspect"]),
    .library(name: "Ship", targets: ["Ship"]),
    .library(name: "Datasets", targets: ["Datasets"]),
    .executable(name: "pare", targets: ["PareTool"]),
    .executable(name: "convert", targets: ["ConvertTool"]),
    .executable(name: "inspect", targets: ["InspectTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // C libraries of the system, each with its Debian package.
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),

    // C of our own: micro-kernels, digests by instruction, what a signal handler does, what must use
    // setjmp, and what protoc-c made of schemas/.
    .target(name: "CKernels"),
    .target(name: "CDigests"),
    .target(name: "CMappings"),
    .target(name: "CImages", dependencies: ["CJPEG", "CPNG"]),
    .target(name: "CSchemas", dependencies: ["CProtobufC"]),

    // What a device needs: no Foundation from here ...
    module("ModelFormat", ["CDigests", "CMappings"]),
    module("Kernels", ["CKernels"]),
    module("Operators", ["ModelFormat", "Kernels", "CKernels"]),
    module("Interpreter", ["Operators", "Kernels", "ModelFormat"]),
    // ... to here. What the host adds:
    module("Train", ["Interpreter", "Operators", "Kernels", "ModelFormat"]),
    module("Metadata", ["ModelFormat", "CSchemas", "CProtobufC"]),
    module("Ship", ["ModelFormat", "Interpreter", "Metadata", "CSodium", "CZlib"]),
    module("Datasets", ["ModelFormat", "CImages", "CZlib"]),
    module(
      "Convert",
      [
        "ModelFormat", "Kernels", "Operators", "Interpreter", "Train", "Metadata", "Datasets",
        "Ship", "CSchemas", "CProtobufC",
      ]),
    module("Inspect", ["ModelFormat", "Operators", "Interpreter", "Metadata", "Ship"]),
    module(
      "CommandLine",
      [
        "ModelFormat", "Kernels", "Operators", "Interpreter", "Metadata", "Datasets", "Convert",
        "Inspect", "Ship", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    tool("PareTool"),
    tool("ConvertTool"),
    tool("InspectTool"),
    .executableTarget(
      name: "TrainBenchmark", dependencies: ["Train", "Operators", "Kernels", "ModelFormat"],
      swiftSettings: settings),
    .executableTarget(
      name: "TrainableGraph", dependencies: ["Convert", "ModelFormat"], swiftSettings: settings),

    .target(
      name: "TestSupport", dependencies: ["ModelFormat", "Operators"], path: "Tests/TestSupport",
      swiftSettings: settings),
    // Opens files with little address space, for tests.
    .executableTarget(
      name: "LimitedReader", dependencies: ["ModelFormat"], path: "Tests/LimitedReader",
      swiftSettings: settings),
    tests("ModelFormat", exclude: ["Refused"]),
    tests("Kernels"),
    tests("Operators", ["ModelFormat", "Kernels"], exclude: ["Fixtures"]),
    tests("Interpreter", ["ModelFormat", "Operators", "Kernels"]),
    tests("Train", ["ModelFormat", "Operators", "Kernels", "Interpreter"], exclude: ["Fixtures"]),
    tests("Datasets", ["ModelFormat"], exclude: ["Fixtures"]),
    tests(
      "Convert",
      [
        "ModelFormat", "Operators", "Interpreter", "Metadata", "Datasets", "Train", "CSchemas",
        "CProtobufC",
      ],
      exclude: ["Fixtures"]),
    tests("Ship", ["ModelFormat", "Interpreter", "Metadata"]),
    tests("Inspect", ["ModelFormat", "Operators", "Interpreter", "Metadata", "Convert"]),
    tests("CommandLine", ["ModelFormat", "Convert", "Inspect"], exclude: ["Snapshots"]),
    .testTarget(
      name: "PythonReaderTests", dependencies: ["ModelFormat", "Metadata", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "FuzzTests",
      dependencies: ["Convert", "Interpreter", "ModelFormat", "Ship", "Datasets", "CImages"],
      exclude: ["Regressions"], swiftSettings: settings),
    .testTarget(
      name: "ConformanceTests",
      dependencies: ["Convert", "Interpreter", "ModelFormat", "CSchemas", "CProtobufC"],
      exclude: ["exceptions"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
