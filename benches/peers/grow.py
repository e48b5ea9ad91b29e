"""Grows a CSV of the published system under new run ids: grow.py SOURCE ROWS TARGET."""

import re
import sys

source, rows, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(source) as file:
    header, *lines = file.read().split("\n")
lines = [line for line in lines if line]
written = 0
with open(target, "w") as out:
    out.write(header)
    copy = 0
    while written < rows:
        prefix = f"{copy:04x}"
        for line in lines[: rows - written]:
            out.write("\n" + re.sub(r"[0-9a-f]{4}-cubaan", prefix + "-cubaan", line))
        written += min(len(lines), rows - written)
        copy += 1
