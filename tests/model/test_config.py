"""ModelConfig: names and JSON both ways, and what it refuses."""

import pytest

from pwcnet.model.config import ModelConfig

ALL = [ModelConfig(dense, everywhere) for dense in (True, False) for everywhere in (True, False)]


@pytest.mark.parametrize("config", ALL)
def test_name_and_json_lead_back(config):
    assert ModelConfig.from_name(config.name) == config == ModelConfig.from_json(config.to_json())


def test_context_of_the_small_variant_is_at_level_2_only():
    assert [ModelConfig.small().has_context(level) for level in (6, 5, 4, 3, 2)] == [False] * 4 + [
        True
    ]
    assert all(ModelConfig.large().has_context(level) for level in (6, 5, 4, 3, 2))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ModelConfig.from_name("huge"),
        lambda: ModelConfig.from_json('{"depth": 3}'),
        lambda: ModelConfig.from_json("nonsense"),
        lambda: ModelConfig(dense="yes"),
    ],
)
def test_refusals(make):
    with pytest.raises(ValueError):
        make()
