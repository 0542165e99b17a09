"""The table of the zoo, in plain text and in Markdown."""

HEADINGS = ["model", "exporter", "nodes", "after", "error", "convert s", "peak MB", "ms", "ORT ms",
            "ratio"]


def cells(row):
    def number(key, form, factor=1):
        return form.format(row[key] * factor) if row.get(key) is not None else ""

    ratio = f"{row['pare_ms'] / row['ort_ms']:.2f}" if row.get("ort_ms") else ""
    return [row["model"], row["exporter"], number("nodes", "{}"), number("nodes_after", "{}"),
            number("error", "{:.1e}"), number("convert_s", "{:.2f}"),
            number("peak_bytes", "{:.0f}", 1e-6), number("pare_ms", "{:.2f}"),
            number("ort_ms", "{:.2f}"), ratio]


WIDTHS = [34, 11, 6, 6, 8, 9, 8, 9, 9, 6]


def line(row):
    """A row of plain text, with the failure where there is one."""
    if "failure" in row:
        return f"{row['model']:34} {row['exporter']:11} {row['failure']}"
    return " ".join(f"{cell:<{width}}" if index < 2 else f"{cell:>{width}}"
                    for index, (cell, width) in enumerate(zip(cells(row), WIDTHS)))


def heading():
    return " ".join(f"{text:<{width}}" if index < 2 else f"{text:>{width}}"
                    for index, (text, width) in enumerate(zip(HEADINGS, WIDTHS)))


def markdown(rows):
    """The table, and below it what failed."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|---|" + "--:|" * (len(HEADINGS) - 2)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows if "failure" not in row]
    failed = [row for row in rows if "failure" in row]
    if failed:
        lines += ["", "Failed:", ""]
        lines += [f"- {row['model']}, {row['exporter']}: {row['failure']}" for row in failed]
    return "\n".join(lines) + "\n"


def summary(rows):
    """How many of each exporter came through, and the worst error."""
    said = []
    for exporter in sorted({row["exporter"] for row in rows}):
        mine = [row for row in rows if row["exporter"] == exporter]
        good = [row for row in mine if "failure" not in row]
        worst = max((row["error"] for row in good), default=0)
        said.append(f"{exporter}: {len(good)} of {len(mine)} run, worst error {worst:.1e}")
    return "\n".join(said)
