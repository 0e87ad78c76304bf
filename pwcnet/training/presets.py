"""Training recipes by name: data sets, options and network of each.

Plain data: `pwcnet.training.options.training_options` makes TrainingOptions of the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from pwcnet.training.choices import V2_KEEP_RANGE

PUBLISHED, OURS = "published", "ours"


@dataclass(frozen=True)
class Preset:
    """A training recipe; all values are those of JSON.

    Attributes:
        origin: "published" for the recipes of tfoptflow and of the published fine-tuning, "ours"
            for those derived from them.
        description: One line.
        data: Data sets by their names in pwcnet.data.datasets.registry: the weight of each, or None
            for a share in proportion to its pairs.
        training: Values of TrainingOptions other than the defaults; steps are for its batch_size.
        variant: "large" or "small", for a start from random weights.
        masked: Whether the pixels of Sintel's invalid masks are left out.
        generated: Options of generated pairs, as in pwcnet.data.datasets.generated; None for none.
    """

    origin: str
    description: str
    data: Mapping[str, float | None]
    training: Mapping[str, Any]
    variant: str = "large"
    masked: bool = True
    generated: str | None = None


MIX = {"chairs": None, "things-half-clean": None}
# The published run had batches of 16, 8 on each of two GPUs, and changed its rate at the steps
# 200,000, 300,000 ... 600,000, as these batches of 8 do.
PRETRAINING = {"loss": "multiscale", "optimizer": "adam", "batch_size": 8, "crop": [256, 448]}
MULTISTEPS = dict(PRETRAINING, schedule="multisteps-long", steps=600000)
CYCLIC = dict(PRETRAINING, schedule="cyclic-long", steps=100000)  # five cycles, as published

SINTEL = {
    "loss": "robust",
    "optimizer": "sgd",
    "schedule": "multisteps",
    "steps": 200000,
    "batch_size": 4,
    "crop": [384, 768],
}
SINTEL_STEP2 = dict(
    SINTEL,
    loss="multiscale",
    optimizer="adam",
    steps=600000,
    display=100,
    keep_range=list(V2_KEEP_RANGE),
)
# Loss, crop and batch size of the paper's fine-tuning; cars do not drive upside down.
KITTI = dict(
    SINTEL,
    loss="robust_per_pixel",
    optimizer="adam",
    crop=[320, 896],
    augment={"flip_up_down": 0.0},
)

# From random weights to large motion, then to precision, each from the weights of the one before.
# The norms of gradients grow with the pixels of a crop.
SCENES = {
    "loss": "multiscale",
    "optimizer": "adam",
    "schedule": "cosine",
    "batch_size": 4,
    "augment": None,
    "average_decay": 0.999,
}
SCENES_1 = dict(
    SCENES,
    crop=[128, 192],
    steps=8000,
    learning_rate=5e-4,
    clip_norm=8.0,
    matching=20.0,
    initializer="coarse_to_fine",
)
SCENES_2 = dict(
    SCENES, crop=[192, 320], steps=2000, learning_rate=4e-4, clip_norm=20.0, matching=5.0
)
SCENES_3 = dict(SCENES, crop=[320, 448], steps=1100, learning_rate=4e-4, clip_norm=45.0)
SCENES_4 = dict(SCENES, crop=[256, 384], steps=5000, learning_rate=4e-4, clip_norm=30.0)
SCENES_5 = dict(
    SCENES, crop=[256, 384], steps=4500, learning_rate=2e-4, clip_norm=45.0, loss="robust_per_pixel"
)
# Weight decay would take what a level does not use yet, and between kernels of zero no gradient
# passes.
SCENES_6 = dict(
    SCENES, crop=[320, 512], steps=4000, learning_rate=3e-4, clip_norm=60.0, weight_decay=0.0
)

PRESETS = {
    "large-multisteps-chairsthingsmix": Preset(
        PUBLISHED,
        "pre-training of the large model with falling rates, as tfoptflow; batches of 8 instead of "
        "16 on two GPUs",
        MIX,
        MULTISTEPS,
    ),
    "small-multisteps-chairsthingsmix": Preset(
        PUBLISHED,
        "pre-training of the small model with falling rates, as tfoptflow; batches of 8 instead of "
        "16 on two GPUs",
        MIX,
        MULTISTEPS,
        "small",
    ),
    "large-cyclic-chairsthingsmix": Preset(
        PUBLISHED,
        "pre-training of the large model with cyclic rates, as tfoptflow; shorter than multisteps",
        MIX,
        CYCLIC,
    ),
    "small-cyclic-chairsthingsmix": Preset(
        PUBLISHED,
        "pre-training of the small model with cyclic rates, as tfoptflow; shorter than multisteps",
        MIX,
        CYCLIC,
        "small",
    ),
    "sintel-clean-v1": Preset(
        PUBLISHED,
        "fine-tuning V1 on Sintel's clean pass with the robust loss; from pretrained "
        "chairsthingsmix weights",
        {"sintel-clean": None},
        SINTEL,
        masked=False,
    ),
    "sintel-clean-v2-step2": Preset(
        PUBLISHED,
        "step 2 of fine-tuning V2 on Sintel's clean pass with the multiscale loss; from the "
        "weights of step 176000 of sintel-clean-v1",
        {"sintel-clean": None},
        SINTEL_STEP2,
        masked=False,
    ),
    "sintel-final": Preset(
        OURS,
        "sintel-clean-v1 on the final pass, without invalid pixels",
        {"sintel-final": None},
        SINTEL,
    ),
    "sintel-mixed": Preset(
        OURS,
        "sintel-clean-v1 on both passes, without invalid pixels",
        {"sintel-clean": None, "sintel-final": None},
        SINTEL,
    ),
    "kitti": Preset(
        OURS,
        "fine-tuning on KITTI 2012 and 2015 with the paper's loss per pixel and the rates of "
        "sintel-clean-v1; from pretrained weights",
        {"kitti2012": None, "kitti2015": None},
        KITTI,
    ),
    "scenes-1": Preset(
        OURS,
        "from random weights on generated scenes with small motion; needs no data",
        {"generated": None},
        SCENES_1,
        "small",
        generated="seed=1,height=128,width=192,median=2.5,largest=16",
    ),
    "scenes-2": Preset(
        OURS,
        "scenes-1 goes on with larger scenes and motion; from its best weights",
        {"generated": None},
        SCENES_2,
        "small",
        generated="seed=1,height=192,width=320,median=4,largest=40",
    ),
    "scenes-3": Preset(
        OURS,
        "scenes-2 goes on with the full range of motion; from its best weights",
        {"generated": None},
        SCENES_3,
        "small",
        generated="seed=1,height=320,width=448,median=6,largest=120",
    ),
    "scenes-4": Preset(
        OURS,
        "scenes-3 goes on, longer, with motion nearer to that of films; from its best weights",
        {"generated": None},
        SCENES_4,
        "small",
        generated="seed=2,height=256,width=384,median=4,largest=80",
    ),
    "scenes-5": Preset(
        OURS,
        "scenes-4 goes on with the paper's robust loss, for small errors; from its best weights",
        {"generated": None},
        SCENES_5,
        "small",
        generated="seed=3,height=256,width=384,median=5,largest=80",
    ),
    "scenes-6": Preset(
        OURS,
        "on with the shipped weights (--weights small), for motion up to 200 pixels: layers and "
        "worlds of planes; --photos takes your own pictures as surfaces, --grow trains the large "
        "model",
        {"generated": None},
        SCENES_6,
        "small",
        generated="seed=4,kind=both,height=320,width=512,median=8,largest=200",
    ),
}


def find_preset(name: str) -> Preset:
    """Returns the preset of a name.

    Raises:
        ValueError: There is none.
    """
    if name not in PRESETS:
        raise ValueError("expected a preset of %s, got %r" % (", ".join(PRESETS), name))
    return PRESETS[name]
