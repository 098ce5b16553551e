"""Reads the CSV and XLSX files of previews with other libraries than those that wrote them, and
compares every value with `report.json`: python read_back.py FOLDER..."""

import csv
import json
import math
import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from openpyxl import load_workbook

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def main(folders):
    for folder in map(Path, folders):
        report = json.loads((folder / "report.json").read_text())
        workbook = load_workbook(one(folder, "*.xlsx"))
        check_about(workbook.worksheets[0], report)
        assert len(workbook.worksheets) == 1 + len(report["sections"]), workbook.sheetnames
        for number, section in enumerate(report["sections"], 1):
            check_sheet(workbook.worksheets[number], section)
            check_csv(one(folder, f"*-{number}-*.csv"), report, section)
        print(f"{folder}: {len(report['sections'])} sections read back alike")


def one(folder, pattern):
    (found,) = folder.glob(pattern)
    return found


def check_about(sheet, report):
    texts = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    window = report["window"]
    for expected in (report["title"], report["report"], window["start"], window["end"], window["time_zone"]):
        assert expected in texts, f"{expected} is not on the first sheet"


def rows_of(section):
    """Each row as report.json has it; headline figures as one row."""
    if section["kind"] != "totals":
        return section["rows"]
    names = {"values": "totals", "compared": "compared", "states": "states"}
    row = {name: section[of] for name, of in names.items() if of in section}
    return [{"dimensions": {}, "interval": None, **row}]


def check_csv(path, report, section):
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), f"{path}: no mark of UTF-8"
    assert raw.count(b"\n") == raw.count(b"\r\n"), f"{path}: a line that does not end in CRLF"
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, strict=True)
        header, lines = reader.fieldnames, list(reader)
    assert len(set(header)) == len(header), f"{path}: a heading comes twice: {header}"
    expected = rows_of(section)
    assert len(lines) == len(expected), f"{path}: {len(lines)} lines"
    written = [[quoted(name) for name in header]]
    for line, row in zip(lines, expected):
        found = {name: text.removeprefix("'") for name, text in line.items()}
        assert not any(text.startswith(FORMULA) for text in line.values()), line
        texts, figures = fields(report, section, row)
        assert header == list(line) and set(header) == {*texts, *figures}, header
        for name, text in texts.items():
            assert found[name] == (text or ""), (path, name, line, row)
        for name, value in figures.items():
            assert line[name] == "" if value is None else float(line[name]) == value, (path, name, line, row)
        written.append([quoted(text) if name in texts else text for name, text in line.items()])
    written = "".join(",".join(fields) + "\r\n" for fields in written)
    assert raw.decode("utf-8-sig") == written, f"{path}: all texts are in quotes, and nothing else is"


def quoted(text):
    escaped = text.replace('"', '""')
    return f'"{escaped}"' if text else ""


def fields(report, section, row):
    """What a line holds, by its headings: texts, and figures."""
    window = report["window"]
    texts = {
        "report": report["report"],
        "window_start": window["start"],
        "window_end": window["end"],
        "time_zone": window["time_zone"],
    }
    for key, member in row["dimensions"].items():
        texts |= {key: member["name"], f"{key}_id": member["id"]}
    if row["interval"]:
        texts |= {"interval_start": row["interval"]["start"], "interval_end": row["interval"]["end"]}
    figures = {}
    for index, column in enumerate(section["columns"]):
        key = column["key"]
        figures[key] = row["values"][index]
        if "comparison" in section:
            figures[f"{key}_compared"] = row["compared"][index]
        if "target" in column or "targets" in column:
            texts[f"{key}_state"] = row["states"][index]
    return texts, figures


def check_sheet(sheet, section):
    header, *rows = [list(row) for row in sheet.iter_rows()]
    columns = section["columns"]
    first = len(header) - len(columns)
    assert [cell.value for cell in header[first:]] == [column["label"] for column in columns]
    assert sheet.freeze_panes is not None, "the header is frozen"
    expected = rows_of(section)
    if section["kind"] != "totals":
        assert sheet.auto_filter.ref is not None, "rows can be filtered"
    times = set()
    for cells, row in zip(rows, expected):
        names = [member["name"] for member in row["dimensions"].values()]
        if row["interval"]:
            start = datetime.fromisoformat(row["interval"]["start"])
            utc = start.astimezone(timezone.utc)
            local = [time.replace(tzinfo=None) for time in (start, utc)]
            found = [cell.value for cell in cells[first - 2 : first]]
            assert found == local, (found, local)
            told = (*names, *found)
            assert told not in times, f"{told} comes twice"
            times.add(told)
        for cell, name in zip(cells, names):
            assert cell.data_type == "s" and (name is None or cell.value == name), (cell.value, name)
        for cell, value, column in zip(cells[first:], row["values"], columns):
            check_cell(cell, value, column["unit"])
    if section["kind"] == "table":
        for cell, value, column in zip(rows[-1][first:], section["totals"], columns):
            check_cell(cell, value, column["unit"])


def check_cell(cell, value, unit):
    if value is None:
        assert cell.value is None, (cell.coordinate, cell.value)
        return
    found = cell.value
    if unit == "seconds":
        assert re.fullmatch(r"\[h\]:mm:ss(\.0+)?", cell.number_format), cell.number_format
        found = found.total_seconds() if isinstance(found, timedelta) else float(found) * 86_400
        # The library gives times to the millisecond.
        assert math.isclose(found, value, abs_tol=5.1e-4), (cell.coordinate, found, value)
        return
    if unit == "percent":
        assert re.fullmatch(r"0\.0+%", cell.number_format), cell.number_format
        found *= 100
    assert math.isclose(found, value, rel_tol=1e-12), (cell.coordinate, found, value)


if __name__ == "__main__":
    main(sys.argv[1:])
