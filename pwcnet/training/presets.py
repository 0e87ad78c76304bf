"""Recipes by name: what is trained, on which data sets, and how. Plain data; `pwcnet.training.options.training_options` makes options of it."""

from dataclasses import dataclass
from typing import Any, Dict, Optional

PUBLISHED, OURS = "published", "ours"


@dataclass(frozen=True)
class Preset:
    """One recipe; all values are those of JSON.

    origin: "published" where the recipe is that of tfoptflow or of the published fine-tuning, "ours" where it is derived from one of those.
    description: one line. data: {name of pwcnet.data.datasets.registry: weight, or None in proportion to its pairs}. training: values of TrainingOptions that are not
    left at their defaults; its steps are for its batch_size. variant: "large" or "small", for a start from random weights.
    masked: whether pixels of Sintel's invalid masks are left out. generated: what the generated pairs of `data` are like (pwcnet.data.datasets.generated).
    """

    origin: str
    description: str
    data: Dict[str, Optional[float]]
    training: Dict[str, Any]
    variant: str = "large"
    masked: bool = True
    generated: Optional[str] = None


MIX = {"chairs": None, "things-half-clean": None}
PRETRAINING = {"loss": "multiscale", "optimizer": "adam", "batch_size": 8, "crop": [256, 448]}
# The published run had batches of 16, 8 on each of two GPUs, and changed its rate at the steps 200,000, 300,000 ... 600,000, as these batches of 8 do.
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
SINTEL_STEP2 = dict(SINTEL, loss="multiscale", optimizer="adam", steps=600000, display=100)
# Loss, crop and batch size of the paper's fine-tuning; cars do not drive upside down.
KITTI = dict(
    SINTEL,
    loss="robust_per_pixel",
    optimizer="adam",
    crop=[320, 896],
    augment={"flip_up_down": 0.0},
)

# From nothing to large motion, then to precision, each from the weights of the one before; norms of gradients grow with the pixels of a crop.
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
    start="coarse_to_fine",
)
SCENES_2 = dict(
    SCENES, crop=[192, 320], steps=2000, learning_rate=4e-4, clip_norm=20.0, matching=5.0
)
SCENES_3 = dict(SCENES, crop=[320, 448], steps=1100, learning_rate=4e-4, clip_norm=45.0)
SCENES_4 = dict(SCENES, crop=[256, 384], steps=5000, learning_rate=4e-4, clip_norm=30.0)
SCENES_5 = dict(
    SCENES, crop=[256, 384], steps=4500, learning_rate=2e-4, clip_norm=45.0, loss="robust_per_pixel"
)

PRESETS = {
    "large-multisteps-chairsthingsmix": Preset(
        PUBLISHED,
        "pre-training of the large model with falling rates, as tfoptflow; batches of 8 in the place of 16 on two GPUs",
        MIX,
        MULTISTEPS,
    ),
    "small-multisteps-chairsthingsmix": Preset(
        PUBLISHED,
        "pre-training of the small model with falling rates, as tfoptflow; batches of 8 in the place of 16 on two GPUs",
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
        "fine-tuning V1 on Sintel's clean pass with the robust loss; from --pretrained chairsthingsmix weights",
        {"sintel-clean": None},
        SINTEL,
        masked=False,
    ),
    "sintel-clean-v2-step2": Preset(
        PUBLISHED,
        "step 2 of fine-tuning V2 on Sintel's clean pass with the multiscale loss; from --pretrained step 176000 of sintel-clean-v1",
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
        "fine-tuning on KITTI 2012 and 2015 with the paper's loss per pixel and the rates of sintel-clean-v1; from --pretrained weights",
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
        "scenes-1 goes on with larger scenes and motion; from --pretrained, its best weights",
        {"generated": None},
        SCENES_2,
        "small",
        generated="seed=1,height=192,width=320,median=4,largest=40",
    ),
    "scenes-3": Preset(
        OURS,
        "scenes-2 goes on with the full range of motion; from --pretrained, its best weights",
        {"generated": None},
        SCENES_3,
        "small",
        generated="seed=1,height=320,width=448,median=6,largest=120",
    ),
    "scenes-4": Preset(
        OURS,
        "scenes-3 goes on, longer, with motion nearer to that of films; from --pretrained, its best weights",
        {"generated": None},
        SCENES_4,
        "small",
        generated="seed=2,height=256,width=384,median=4,largest=80",
    ),
    "scenes-5": Preset(
        OURS,
        "scenes-4 goes on with the paper's robust loss, for small errors; from --pretrained, its best weights",
        {"generated": None},
        SCENES_5,
        "small",
        generated="seed=3,height=256,width=384,median=5,largest=80",
    ),
}


def find_preset(name):
    """The Preset of that name. Raises ValueError."""
    if name not in PRESETS:
        raise ValueError("expected a preset of %s, got %r" % (", ".join(PRESETS), name))
    return PRESETS[name]
