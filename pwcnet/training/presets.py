"""Recipes by name: what is trained, on which data sets, and how. Plain data; `pwcnet.training.options.training_options` makes options of it."""
from dataclasses import dataclass
from typing import Any, Dict, Optional

PUBLISHED, OURS = "published", "ours"


@dataclass(frozen=True)
class Preset:
    """One recipe; all values are those of JSON.

    origin: "published" where the recipe is that of tfoptflow or of the published fine-tuning, "ours" where it is derived from one of those.
    description: one line. data: {name of pwcnet.data.datasets: weight, or None in proportion to its pairs}. training: values of TrainingOptions that are not
    left at their defaults; its steps are for its batch_size. variant: "large" or "small", for a start from random weights.
    masked: whether pixels of Sintel's invalid masks are left out.
    """
    origin: str
    description: str
    data: Dict[str, Optional[float]]
    training: Dict[str, Any]
    variant: str = "large"
    masked: bool = True


MIX = {"chairs": None, "things-half-clean": None}
PRETRAINING = {"loss": "multiscale", "optimizer": "adam", "batch_size": 8, "crop": [256, 448]}
# The published run had batches of 16, 8 on each of two GPUs, and changed its rate at the steps 200,000, 300,000 ... 600,000, as these batches of 8 do.
MULTISTEPS = dict(PRETRAINING, schedule="multisteps-long", steps=600000)
CYCLIC = dict(PRETRAINING, schedule="cyclic-long", steps=100000)               # five cycles, as published

SINTEL = {"loss": "robust", "optimizer": "sgd", "schedule": "multisteps", "steps": 200000, "batch_size": 4, "crop": [384, 768]}
SINTEL_STEP2 = dict(SINTEL, loss="multiscale", optimizer="adam", steps=600000, display=100)
# Loss, crop and batch size of the paper's fine-tuning; cars do not drive upside down.
KITTI = dict(SINTEL, loss="robust_per_pixel", optimizer="adam", crop=[320, 896], augment={"flip_up_down": 0.0})

PRESETS = {
    "large-multisteps-chairsthingsmix": Preset(
        PUBLISHED, "pre-training of the large model with falling rates, as tfoptflow; batches of 8 in the place of 16 on two GPUs", MIX, MULTISTEPS),
    "small-multisteps-chairsthingsmix": Preset(
        PUBLISHED, "pre-training of the small model with falling rates, as tfoptflow; batches of 8 in the place of 16 on two GPUs", MIX, MULTISTEPS, "small"),
    "large-cyclic-chairsthingsmix": Preset(
        PUBLISHED, "pre-training of the large model with cyclic rates, as tfoptflow; shorter than multisteps", MIX, CYCLIC),
    "small-cyclic-chairsthingsmix": Preset(
        PUBLISHED, "pre-training of the small model with cyclic rates, as tfoptflow; shorter than multisteps", MIX, CYCLIC, "small"),
    "sintel-clean-v1": Preset(
        PUBLISHED, "fine-tuning V1 on Sintel's clean pass with the robust loss; from --pretrained chairsthingsmix weights", {"sintel-clean": None}, SINTEL,
        masked=False),
    "sintel-clean-v2-step2": Preset(
        PUBLISHED, "step 2 of fine-tuning V2 on Sintel's clean pass with the multiscale loss; from --pretrained step 176000 of sintel-clean-v1",
        {"sintel-clean": None}, SINTEL_STEP2, masked=False),
    "sintel-final": Preset(OURS, "sintel-clean-v1 on the final pass, without invalid pixels", {"sintel-final": None}, SINTEL),
    "sintel-mixed": Preset(OURS, "sintel-clean-v1 on both passes, without invalid pixels", {"sintel-clean": None, "sintel-final": None}, SINTEL),
    "kitti": Preset(
        OURS, "fine-tuning on KITTI 2012 and 2015 with the paper's loss per pixel and the rates of sintel-clean-v1; from --pretrained weights",
        {"kitti2012": None, "kitti2015": None}, KITTI),
}


def find_preset(name):
    """The Preset of that name. Raises ValueError."""
    if name not in PRESETS:
        raise ValueError("expected a preset of %s, got %r" % (", ".join(PRESETS), name))
    return PRESETS[name]
