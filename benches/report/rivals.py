"""The same table drawn by ReportLab and WeasyPrint: rivals.py reportlab|weasyprint ROWS TIMES FONT BOLD FILE

Prints one line of JSON: the median time of a document in milliseconds after a first one that is not counted, and the most memory
that the process ever had, in KiB. The last document is written to FILE.
"""

import io
import json
import pathlib
import resource
import statistics
import sys
import time

HEADER = ["Number", "Item", "Day", "Pieces", "Amount, €", "Share"]
WIDTHS = [22, 52, 26, 20, 28, 22]  # millimetres


def table(rows):
    """The text of every cell; benches/report/table.rs has the same values."""
    for n in range(rows):
        yield [
            f"row{n:05}",
            f"Item {n % 97} of the catalogue",
            f"{n % 28 + 1} Jan 2021",
            f"{n * 7 % 1000:,}",
            f"{(n * 12347 % 1000000) / 100:,.2f}",
            f"{n % 1000 / 10:.1f}%",
        ]


def reportlab(rows, font, bold):
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

    if "Body" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("Body", font))
        pdfmetrics.registerFont(TTFont("Strong", bold))
    style = TableStyle([
        ("FONT", (0, 0), (-1, 0), "Strong", 8), ("FONT", (0, 1), (-1, -1), "Body", 9),
        ("ALIGN", (3, 0), (-1, -1), "RIGHT"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.lightgrey),
    ])
    content = Table([HEADER, *table(rows)], colWidths=[width * mm for width in WIDTHS], repeatRows=1, style=style)
    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=A4, title="Rows").build([content])
    return file.getvalue()


def weasyprint(rows, font, bold):
    from weasyprint import HTML

    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in table(rows))
    head = "".join(f"<th>{title}" for title in HEADER)
    html = f"""<style>
        @font-face {{ font-family: Body; src: url(file://{font}) }}
        @font-face {{ font-family: Body; font-weight: bold; src: url(file://{bold}) }}
        @page {{ size: A4; margin: 20mm }} table {{ font: 9pt Body; width: 100%; border-collapse: collapse }}
        td, th {{ border-bottom: 0.4pt solid lightgrey; text-align: left }} td:nth-child(n+4) {{ text-align: right }}
        </style><title>Rows</title><table><thead><tr>{head}</thead>{cells}</table>"""
    return HTML(string=html).write_pdf()


def main():
    name, rows, times, font, bold, path = sys.argv[1:]
    render = {"reportlab": reportlab, "weasyprint": weasyprint}[name]
    taken = []
    for _ in range(int(times) + 1):
        began = time.perf_counter()
        content = render(int(rows), font, bold)
        taken.append((time.perf_counter() - began) * 1000)
    pathlib.Path(path).write_bytes(content)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"milliseconds": statistics.median(taken[1:]), "kibibytes": peak}))


main()
