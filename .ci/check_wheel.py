"""Refuses a wheel that lacks a model, carries more than the library, or weighs too much."""

import re
import sys
import zipfile
from pathlib import Path

MOST_BYTES = 15_000_000
"""Packed size that the wheel has to stay under."""

wheel = Path(sys.argv[1])
names = zipfile.ZipFile(wheel).namelist()
stray = [n for n in names if not re.match(r"fakeface(/|-[^/]+\.dist-info/)", n)]
wanted = [
    "fakeface/py.typed",
    "fakeface/models/faces/model.onnx",
    "fakeface/models/faces/model.json",
    "fakeface/models/faces/far/model.onnx",
    "fakeface/models/faces/far/model.json",
    "fakeface/provenance/trust/C2PA-TRUST-LIST.pem",
    "fakeface/reports/_html/page.html",
    "fakeface/reports/_html/live.html",
]
models = [n for n in names if re.fullmatch(r"fakeface/models/[^/]+/model\.onnx", n)]
classifiers = [n.removesuffix("model.onnx") for n in models if "/models/faces/" not in n]
deltas = [n.removesuffix("model.delta") for n in names if n.endswith("/model.delta")]
folders = [*classifiers, *deltas]
wanted += [folder + file for folder in folders for file in ("model.json", "golden.json")]
problems = [
    *(f"it holds {name}, which is no part of the library" for name in stray),
    *(f"it lacks {name}" for name in wanted if name not in names),
]
if not classifiers:
    problems.append("it holds no classifier")
if wheel.stat().st_size > MOST_BYTES:
    problems.append(f"it weighs {wheel.stat().st_size:,} bytes, more than {MOST_BYTES:,}")
for problem in problems:
    print(f"{wheel.name}: {problem}", file=sys.stderr)
print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, models: {', '.join(models)}")
sys.exit(bool(problems))
