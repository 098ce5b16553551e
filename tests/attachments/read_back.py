"""Reads the CSV and XLSX files of previews with other libraries than those that wrote them, and
compares every value with `report.json`: python read_back.py FOLDER..."""

import csv
import json
import math
import re
import sys
from datetime import datetime, timedelta
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
            check_csv(one(folder, f"*-{number}-*.csv"), section)
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
    """Each row's names and interval, and its values."""
    if section["kind"] == "totals":
        return [([], None, section["totals"])]
    return [
        ([member["name"] for member in row["dimensions"].values()], row["interval"], row["values"])
        for row in section["rows"]
    ]


def check_csv(path, section):
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), f"{path}: no mark of UTF-8"
    assert raw.count(b"\n") == raw.count(b"\r\n"), f"{path}: a line that does not end in CRLF"
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *lines = list(csv.reader(file, strict=True))
    labels = [column["label"] for column in section["columns"]]
    assert [text.removeprefix("'") for text in header[-len(labels):]] == labels, header
    expected = rows_of(section)
    assert len(lines) == len(expected), f"{path}: {len(lines)} lines"
    for line, (names, interval, values) in zip(lines, expected):
        figures = line[-len(values):]
        texts = line[: -len(values)]
        assert not any(text.startswith(FORMULA) for text in texts), texts
        started = [interval["start"]] if interval else []
        assert [text.removeprefix("'") for text in texts] == [name or "" for name in names] + started, line
        for text, value in zip(figures, values):
            assert text == "" if value is None else float(text) == value, (path, line, values)


def check_sheet(sheet, section):
    header, *rows = [list(row) for row in sheet.iter_rows()]
    columns = section["columns"]
    first = len(header) - len(columns)
    assert [cell.value for cell in header[first:]] == [column["label"] for column in columns]
    assert sheet.freeze_panes is not None, "the header is frozen"
    expected = rows_of(section)
    if section["kind"] != "totals":
        assert sheet.auto_filter.ref is not None, "rows can be filtered"
    for cells, (names, interval, values) in zip(rows, expected):
        if interval:
            local = datetime.fromisoformat(interval["start"]).replace(tzinfo=None)
            assert cells[first - 1].value == local, (cells[first - 1].value, local)
        for cell, name in zip(cells, names):
            assert cell.data_type == "s" and (name is None or cell.value == name), (cell.value, name)
        for cell, value, column in zip(cells[first:], values, columns):
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
