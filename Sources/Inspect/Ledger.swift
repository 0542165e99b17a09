import ModelFormat

/// Every byte of a file, attributed; the parts sum to its size.
struct Ledger {
  let sections: [Inspection.Section]

  init(_ file: ModelFile?, byteCount: Int, constantBytes: Int) {
    guard let file else {
      sections = [
        .init(name: "tensor data", bytes: constantBytes),
        .init(name: "graph, names and metadata", bytes: byteCount - constantBytes),
      ]
      return
    }
    var order: [String] = []
    var sizes: [String: Int] = [:]
    func add(_ name: String, _ bytes: Int) {
      if sizes[name] == nil { order.append(name) }
      sizes[name, default: 0] += bytes
    }
    // Sections of records are told apart from what they describe.
    let titles = ["values": "value records", "tensors": "tensor records"]
    for region in file.regions where region.name != "data" {
      add(titles[region.name] ?? region.name, region.size)
    }
    let data = file.regions.first { $0.name == "data" }
    var streams = 0
    for place in file.tensorPlaces {
      add("positions", place.positions)
      add("elements", place.values)
      add("scales", place.scales)
      streams += place.positions + place.values + place.scales
    }
    add("padding", (data?.size ?? 0) - streams)
    sections = order.compactMap { name in
      sizes[name].flatMap { $0 > 0 ? Inspection.Section(name: name, bytes: $0) : nil }
    }
  }
}
