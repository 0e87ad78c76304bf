"""Old names of modules, and the old place of the shipped weights, name the new ones."""

import importlib
import sys

import pytest

from pwcnet import _moved
from pwcnet.weights.files import SHIPPED, find_checkpoint


@pytest.mark.parametrize("old, new", sorted(_moved.MOVED_MODULES.items()))
def test_import_by_an_old_name_names_the_new_one(old, new):
    with pytest.raises(ImportError, match="%s has moved to %s$" % (old, new)):
        importlib.import_module(old)
    importlib.import_module(new)


def test_from_import_of_an_old_name():
    with pytest.raises(ImportError, match=r"pwcnet\.inference\.predictor"):
        from pwcnet import predictor  # noqa: F401
    with pytest.raises(ImportError, match=r"pwcnet\.model\.network"):
        from pwcnet.network import pwc_net  # noqa: F401


def test_other_absent_modules_are_absent_as_ever():
    with pytest.raises(ModuleNotFoundError, match="No module named 'pwcnet.absent'"):
        importlib.import_module("pwcnet.absent")


def test_finder_is_the_last_and_only_one():
    _moved.install()
    assert sys.meta_path.count(_moved.MovedModuleFinder) == 1
    assert _moved.MovedModuleFinder in sys.meta_path[1:]


def test_shipped_weights_at_their_old_place():
    with pytest.raises(FileNotFoundError) as raised:
        find_checkpoint("pretrained/pwcnet-sm-scenes.npz")
    assert "pretrained/pwcnet-sm-scenes.npz" in str(raised.value) and SHIPPED in str(raised.value)
    with pytest.raises(FileNotFoundError) as raised:
        find_checkpoint("pretrained/other.npz")
    assert SHIPPED not in str(raised.value)
