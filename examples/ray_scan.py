"""Judge pictures on a Ray cluster and write the verdicts as Parquet.

pip install 'fakeface[ray]'
python examples/ray_scan.py s3://bucket/uploads s3://bucket/verdicts
"""

import sys

from fakeface.ray import scan_dataset

if __name__ == "__main__":
    pictures, verdicts = sys.argv[1:]
    rows = scan_dataset(pictures)
    rows.write_parquet(verdicts)
    rows.groupby("verdict").count().show()
