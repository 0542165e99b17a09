/// Pieces of pages: HTML in one file, without scripts or anything from elsewhere.
enum Page {
  /// A whole page.
  static func document(title: String, body: [String]) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <title>\(escaped(title))</title>
    <style>
    \(style)
    </style>
    </head>
    <body>
    \(body.filter { !$0.isEmpty }.joined(separator: "\n"))
    </body>
    </html>

    """
  }

  /// A table that scrolls sideways where it is too wide; the first column stays.
  static func table(_ rows: [[String]], header: [String]) -> String {
    let head = header.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
    let body = rows.map { row in
      "<tr><th scope=\"row\">\(escaped(row.first ?? ""))</th>"
        + row.dropFirst().map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
    }.joined(separator: "\n")
    return """
      <div class="wide"><table>
      <thead><tr>\(head)</tr></thead>
      <tbody>
      \(body)
      </tbody>
      </table></div>
      """
  }

  /// `text` with the characters that mean something to HTML written out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in Printable.text(text) {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  /// The file's name at the end of `path`.
  static func lastPart(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  private static let style = """
    :root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --faint: #6b7280;
      --line: #e3e5e8; --accent: #0a6e5c; --code: #f4f5f6; }
    @media (prefers-color-scheme: dark) { :root { --paper: #15171a; --ink: #e6e8ea;
      --faint: #969ca5; --line: #2e3237; --accent: #4cc9ad; --code: #1e2125; } }
    body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 64rem; background: var(--paper);
      color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
    h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .5rem; }
    h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr));
      gap: 1rem; }
    figure { margin: 1rem 0 0; } figcaption, .key, .none, footer { color: var(--faint);
      font-size: .85rem; } figcaption { text-align: center; }
    svg { display: block; width: 100%; height: auto; font: 12.5px system-ui, sans-serif; }
    svg text { fill: var(--ink); } svg .tick, svg .axis { fill: var(--faint); }
    svg .name { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
    .leader { stroke: var(--faint); stroke-width: .8; }
    .grid { stroke: var(--line); } .frontier { fill: none; stroke: var(--accent); stroke-width: 2; }
    circle { stroke: var(--accent); stroke-width: 2; } circle.best { fill: var(--accent); }
    circle.other { fill: var(--faint); stroke: var(--faint); }
    circle.original { fill: var(--paper); stroke: var(--ink); }
    .dot { display: inline-block; width: .7em; height: .7em; border-radius: 50%;
      margin: 0 .3em 0 .9em; box-sizing: border-box; border: 2px solid var(--accent); }
    .dot.best { background: var(--accent); margin-left: 0; }
    .dot.other { background: var(--faint); border-color: var(--faint); }
    .dot.original { border-color: var(--ink); }
    .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem;
      font-variant-numeric: tabular-nums; white-space: nowrap; }
    th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
    th { font-weight: 500; } thead th { color: var(--faint); }
    tr > :first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
      background: var(--paper); }
    ul { padding-left: 1.2rem; color: var(--faint); font-size: .9rem; }
    pre { background: var(--code); padding: .5rem .7rem; border-radius: .4rem; overflow-x: auto;
      font-size: .85rem; margin: .2rem 0 .8rem; white-space: pre-wrap; }
    footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .8rem; }
    """
}
