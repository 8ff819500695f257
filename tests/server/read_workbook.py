"""Prints a workbook as JSON: what openpyxl finds in it, a date as {"date": …} so that it is no text."""

import datetime
import json
import sys

import openpyxl


def value(cell):
    if isinstance(cell.value, (datetime.datetime, datetime.date)):
        return {"date": cell.value.isoformat()}
    return cell.value


def sheet(sheet):
    rows = list(sheet.iter_rows())
    cells = [cell for row in rows for cell in row]
    return {
        "rows": [[value(cell) for cell in row] for row in rows],
        "formats": [cell.number_format for cell in rows[1]] if len(rows) > 1 else [],
        "formulas": sum(cell.data_type == "f" for cell in cells),
        "links": [cell.hyperlink.target for cell in cells if cell.hyperlink],
        "frozen": sheet.freeze_panes,
    }


workbook = openpyxl.load_workbook(sys.argv[1])
print(json.dumps({
    "title": workbook.properties.title,
    "created": workbook.properties.created.isoformat(),
    "sheets": {found.title: sheet(found) for found in workbook.worksheets},
}))
