"""`pwcnet info`."""

import os
import platform

import pytest

from pwcnet._version import __version__
from pwcnet.cli import info
from pwcnet.runtime.tensorflow import TF_RELEASE
from pwcnet.weights import files
from tests.helpers.subcommands import call


def rows(capsys):
    return dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())


def test_versions_devices_and_weights(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # a folder without "pretrained"
    call("info")
    facts = rows(capsys)
    assert facts["pwcnet"].startswith(__version__ + " in ")
    assert facts["python"].startswith(platform.python_version())
    assert facts["tensorflow"].startswith(TF_RELEASE) and "CPU" in facts["tensorflow"]
    assert facts["weights"] == files.SHIPPED + " (shipped)"


def test_optional_packages_are_listed_with_their_use(capsys, monkeypatch):
    monkeypatch.setattr(info, "_installed", lambda name: False)
    call("info")
    facts = rows(capsys)
    assert "video" in facts["av"] and "JPEG" in facts["simplejpeg"]
    assert all(facts[name].startswith("not installed") for name in ("av", "simplejpeg"))


def test_checkpoints_in_pretrained_are_listed(capsys, monkeypatch, tmp_path):
    (tmp_path / "pretrained").mkdir()
    for extension in (".index", ".data-00000-of-00001"):
        (tmp_path / "pretrained" / ("pwcnet.ckpt-595000" + extension)).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    call("info")
    name = os.path.join("pretrained", "pwcnet.ckpt-595000")
    assert "%s (step 595000)" % name in capsys.readouterr().out


def test_missing_weights_are_a_fact_and_not_an_error(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(files, "SHIPPED", str(tmp_path / "absent.npz"))
    call("info")
    assert "absent.npz" in rows(capsys)["weights"]


def test_it_takes_no_arguments(capsys):
    with pytest.raises(SystemExit) as caught:
        call("info", "everything")
    assert caught.value.code == 2 and "everything" in capsys.readouterr().err
