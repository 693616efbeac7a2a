"""Sum up a folder by sub-folder with pandas.

pip install pandas
python examples/data_frame.py PHOTOS
"""

import sys
from pathlib import Path

import pandas as pd

from fakeface import Detector


def summary(folder: str, detector: Detector) -> pd.DataFrame:
    """Number of pictures per sub-folder and verdict, and the median score."""
    frame = pd.DataFrame(prediction.as_dict() for prediction in detector.scan(folder))
    frame["folder"] = [str(Path(source).parent) for source in frame["source"]]
    frame["verdict"] = frame["verdict"].fillna("unreadable")
    counts = pd.crosstab(frame["folder"], frame["verdict"])
    return counts.assign(median_p_fake=frame.groupby("folder")["p_fake"].median())


if __name__ == "__main__":
    print(summary(sys.argv[1], Detector()).to_string())
