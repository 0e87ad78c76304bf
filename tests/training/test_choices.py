"""The names in choices, which does without TensorFlow, are those of the code that needs it."""

from pwcnet.training import choices
from pwcnet.training.losses import LOSSES
from pwcnet.training.optimizers import OPTIMIZERS
from pwcnet.training.presets import PRESETS
from pwcnet.training.schedules import CYCLIC, MULTISTEPS


def test_names():
    assert choices.LOSSES == tuple(LOSSES) == tuple(choices.DEFAULT_OPTIMIZERS)
    assert tuple(OPTIMIZERS) == choices.OPTIMIZERS
    assert ("constant", "cosine") + tuple(MULTISTEPS) + tuple(CYCLIC) == choices.SCHEDULES
    assert set(choices.DEFAULT_OPTIMIZERS.values()) <= set(OPTIMIZERS)


def test_steps_scale_with_the_batch():
    assert choices.scale_steps(choices.V2_START, 8) == choices.V2_START // 2
    assert choices.scale_steps(1, 100) == 1


def test_the_second_step_of_v2_keeps_what_the_published_text_converts():
    first, last, every = PRESETS["sintel-clean-v2-step2"].training["keep_range"]
    assert (first, last, every) == choices.V2_KEEP_RANGE
    assert 53000 in range(first, last + 1, every) and len(range(first, last + 1, every)) == 11
    assert "keep_range" not in PRESETS["sintel-clean-v1"].training
