"""Judge pictures as they arrive in a folder, until Ctrl-C.

    python examples/watch_folder.py INBOX

A file is judged once its size and date have stayed the same between two looks, so that none is read
half-written.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from fakeface import Detector, Prediction


def watch(folder: Path, detector: Detector, seconds: float = 2.0) -> Iterator[Prediction]:
    """Give a prediction for every new or changed file, for ever."""
    judged: dict[Path, tuple[int, int]] = {}
    before: dict[Path, tuple[int, int]] = {}
    while True:
        now = {
            path: (status.st_size, status.st_mtime_ns)
            for path in sorted(folder.iterdir())
            if path.is_file() and (status := path.stat()).st_size
        }
        ready = [path for path in now if before.get(path) == now[path] != judged.get(path)]
        yield from detector.predict_batch(ready)
        judged |= {path: now[path] for path in ready}
        before = now
        time.sleep(seconds)


if __name__ == "__main__":
    for prediction in watch(Path(sys.argv[1]), Detector()):
        print(prediction.source, prediction.error or prediction.verdict, flush=True)
