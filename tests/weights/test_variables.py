"""The network's variables: names and shapes."""

import pytest

from pwcnet.model.config import ModelConfig
from pwcnet.weights.variables import stored_name, variable_shapes
from tests.helpers.golden import golden_variables


@pytest.mark.parametrize("variant", ["lg", "sm"])
def test_variable_shapes_are_golden(variant):
    assert list(variable_shapes(ModelConfig.from_name(variant)).items()) == list(
        golden_variables(variant).items()
    )


@pytest.mark.parametrize("scopes", ["", "mine/", "mine/inner/", "pwcnet/", "mypwcnet/"])
def test_stored_name_is_without_outer_scopes(scopes):
    name = "pwcnet/featpyr/conv1a/kernel"
    assert stored_name(scopes + name) == name
    assert stored_name("head/kernel") == "head/kernel"
