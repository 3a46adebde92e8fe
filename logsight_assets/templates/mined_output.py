"""How mined text files are shown: CSV or one JSON document, written in batches."""

from __future__ import annotations

import io
import json
from typing import TextIO

import numpy as np
import pyarrow.csv as pa_csv

from logsight_assets.templates.text_files import MinedText


def write_csv(mined: MinedText, out: TextIO) -> None:
    """`line,template_id,template`, a row a line."""
    out.write("line,template_id,template\n")
    for batch in mined.batches():
        text = io.BytesIO()
        pa_csv.write_csv(batch, text, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
        out.write(text.getvalue().decode("utf-8"))


def write_json(mined: MinedText, out: TextIO) -> None:
    """`line_count`, `templates` (template_id, template, line_count), and `lines`, the rows of the CSV."""
    counts = np.bincount(mined.labels, minlength=len(mined.templates)).tolist()
    names = zip(mined.template_ids.to_pylist(), mined.templates.to_pylist(), counts, strict=True)
    templates = [{"template_id": i, "template": text, "line_count": count} for i, text, count in names if count]
    head = json.dumps({"line_count": len(mined.labels), "templates": templates}, ensure_ascii=False)
    out.write(head.removesuffix("}") + ', "lines": [')
    separator = ""
    for batch in mined.batches():
        out.write(separator + json.dumps(batch.to_pylist(), ensure_ascii=False)[1:-1])
        separator = ", "
    out.write("]}\n")
