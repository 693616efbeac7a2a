"""What a recipe says about fine-tuning: the table `[finetune]` and those below it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from train._checks import check_share
from train.augment._augment import Augment
from train.augment._enhanced import EnhancedSpec
from train.augment._latent_pairs import AutoencoderSpec
from train.augment._reconstructions import GhostSpec
from train.data._sampler import Mix
from train.networks._tta import PLAIN, VIEWS


@dataclass(frozen=True, slots=True)
class Again:
    """A second, shorter round from the average that the first one ended with.

    Attributes:
        steps: As in `FinetuneSpec`, for this round.
        learning_rate: Likewise.
        windows: Likewise.
        window_shares: Likewise.
    """

    steps: int
    learning_rate: float
    windows: tuple[int, ...]
    window_shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FinetuneSpec:
    """How backbone and heads are trained together.

    Attributes:
        start: Detector to start from, of the same backbone: the name of a bundled model or a model
            directory; empty for the weights that the recipe's backbone names.
        start_head: Whether the head starts where that detector's ended, instead of at zero; it
            then needs no `warm_up`.
        taps: Layers of the backbone whose mean activations the logit is a linear function of.
        steps: Steps of the whole training.
        batch_size: Pictures per step, even.
        every: Steps between checkpoints, each with a look at `val`: an epoch of the history.
        windows: Sides of the windows cut from the crop, one after the other; 0 for the whole crop.
        window_shares: From which share of the steps on each of `windows` is used.
        halved: Share of the steps that are made on whole crops at half the resolution instead.
        warm_up: Steps for the heads alone, before everything.
        learning_rate: Highest learning rate of the backbone (AdamW, cosine schedule).
        head_learning_rate: Highest learning rate of the heads.
        weight_decay: Of the kernels.
        dropout: Share of the pooled activations dropped.
        label_smoothing: How far targets are drawn from 0 and 1.
        ranking: Weight of the loss that puts a photograph above the AI picture made from it.
        local: Share of the loss that every place of the map is judged by, each as if it were the
            whole picture; 0 to below 1, and above 0 only with one of `taps`. Every place has to
            carry evidence, as in patch-wise detectors ("What makes fake images detectable?", Chai
            et al. 2020, arXiv 2008.10588).
        ema: How much of the average of the weights stays per step.
        mix: What a batch is made of.
        augment: The histories.
        ghosts: How ghosts are made.
        autoencoders: Generators' own autoencoders, which take the place of those that are fitted
            here for ghosts.
        enhanced: Which pictures are shown as a network enhanced them.
        views: Names from `train.networks._tta.VIEWS`: what the detector looks at to judge a crop.
            It is trained on the crop alone.
        again: A second round; None for one alone.
    """

    start: str = ""
    start_head: bool = False
    taps: tuple[str, ...] = ("block5_expand_relu", "block11_expand_relu", "head_relu")
    steps: int = 4200
    batch_size: int = 32
    every: int = 400
    windows: tuple[int, ...] = (128, 160, 0)
    window_shares: tuple[float, ...] = (0.0, 0.4, 0.8)
    halved: float = 0.0
    warm_up: int = 50
    learning_rate: float = 4e-4
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.02
    dropout: float = 0.3
    label_smoothing: float = 0.05
    ranking: float = 0.3
    local: float = 0.0
    ema: float = 0.999
    mix: Mix = field(default_factory=Mix)
    augment: Augment = field(default_factory=Augment)
    ghosts: GhostSpec = field(default_factory=GhostSpec)
    autoencoders: AutoencoderSpec = field(default_factory=AutoencoderSpec)
    enhanced: EnhancedSpec = field(default_factory=EnhancedSpec)
    views: tuple[str, ...] = (PLAIN,)
    again: Again | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be trained (`ValueError`)."""
        for name in ("steps", "batch_size", "every"):
            if getattr(self, name) < 1:
                raise ValueError(f"finetune.{name} must be at least 1, got {getattr(self, name)}")
        if self.batch_size % 2:
            raise ValueError(f"finetune.batch_size must be even, got {self.batch_size}")
        if not self.taps:
            raise ValueError("finetune.taps must name a layer")
        if not 0 <= self.local < 1 or (self.local and len(self.taps) > 1):
            raise ValueError(
                "finetune.local must be from 0 to below 1, and 0 where taps are several,"
                f" got {self.local} for {len(self.taps)}"
            )
        check_share("finetune.halved", self.halved)
        if self.start_head and not self.start:
            raise ValueError("finetune.start_head needs a detector to start from, finetune.start")
        if not self.views or len(set(self.views)) < len(self.views) or set(self.views) - set(VIEWS):
            raise ValueError(
                f"finetune.views must name some of {', '.join(VIEWS)}, each once,"
                f" got {list(self.views)}"
            )
        shares = list(self.window_shares)
        if len(shares) != len(self.windows) or shares[:1] != [0.0] or shares != sorted(shares):
            raise ValueError(
                "finetune.window_shares must start at 0.0, rise, and be as many as windows,"
                f" got {shares} for {list(self.windows)}"
            )
        self.rounds()

    def rounds(self) -> tuple[FinetuneSpec, ...]:
        """The rounds of the training, each as a training of its own; heads warm up in the first."""
        if self.again is None:
            return (self,)
        return replace(self, again=None), replace(self, again=None, warm_up=0, **asdict(self.again))

    def window(self, step: int, size: int) -> int:
        """Side of the window at a step, for crops of `size` pixels."""
        side = self.windows[0]
        for window, share in zip(self.windows, self.window_shares, strict=True):
            if step >= share * self.steps:
                side = window
        return min(side or size, size)
