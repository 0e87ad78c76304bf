"""The copy of a run folder at a URL: an OBS one, with a stand-in of moxing, or a folder."""

import os

import pytest

from pwcnet.ascend.remote_run import RemoteRun
from tests.helpers.modelarts import checkpoint, moxing_fails, names, write
from tests.standins.fixtures import standins  # noqa: F401


@pytest.fixture
def obs(standins, tmp_path, monkeypatch):  # noqa: F811
    """The folder that obs:// stands for."""
    monkeypatch.setenv("STANDIN_OBS", str(tmp_path / "obs"))
    return tmp_path / "obs"


@pytest.fixture(params=["obs", "folder"])
def place(request, obs, tmp_path):
    """(URL of the run, the folder that it means)."""
    return (
        ("obs://bucket/run/", obs / "bucket" / "run")
        if request.param == "obs"
        else (str(tmp_path / "mounted"), tmp_path / "mounted")
    )


def test_checkpoints_go_out_and_come_back(place, tmp_path):
    url, there = place
    results = RemoteRun(url, str(tmp_path / "run"))
    assert results.download() is None
    for step in (1000, 2000):
        checkpoint(tmp_path / "run", step)
        assert results.upload_checkpoints()
    os.remove(str(tmp_path / "run" / "pwcnet.ckpt-1000.index"))  # as a run removes old ones
    write(tmp_path / "run", options__json="{}", train__log="step=1")
    write(tmp_path / "run" / "best", best__json="{}")
    results.upload_everything()
    endings = ["data-00000-of-00001", "index"]
    saved = ["pwcnet.ckpt-%d.%s" % (step, ending) for step in (1000, 2000) for ending in endings]
    assert names(there) == ["best", "checkpoint", "options.json"] + saved + ["train.log"] and names(
        there / "best"
    ) == ["best.json"]
    assert (there / "checkpoint").read_text() == 'model_checkpoint_path: "pwcnet.ckpt-2000"\n'

    again = RemoteRun(url, str(tmp_path / "again"))
    assert again.download(checkpoints=["pwcnet.ckpt-1000", "pwcnet.ckpt-500"]) == str(
        tmp_path / "again" / "pwcnet.ckpt-2000"
    )
    assert names(tmp_path / "again") == ["options.json"] + saved + ["train.log"]
    assert again.download() is None  # it goes on from its own


def test_a_checkpoint_that_cannot_be_copied_is_tried_again(obs, tmp_path, caplog):
    results = RemoteRun("obs://bucket/run", str(tmp_path / "run"))
    checkpoint(tmp_path / "run", 1000)
    files = moxing_fails(after=1)
    assert not results.upload_checkpoints()
    assert (
        "pwcnet.ckpt-1000.index to obs://bucket/run: OBS: connection reset; it is tried again"
        in caplog.text
    )
    assert names(obs / "bucket" / "run") == [
        "pwcnet.ckpt-1000.data-00000-of-00001"
    ]  # no index: no reader takes it
    with pytest.raises(
        OSError,
        match="run could be copied to obs://bucket/run",
    ):
        results.upload_everything()
    assert RemoteRun("obs://bucket/run", str(tmp_path / "again")).download() is None
    files.failures["after"] = None
    checkpoint(tmp_path / "run", 2000)
    assert results.upload_checkpoints() and len(names(obs / "bucket" / "run")) == 5


def test_results_that_are_broken(place, tmp_path):
    url, there = place
    write(there, checkpoint="nothing")
    with pytest.raises(ValueError, match="/checkpoint"):
        RemoteRun(url, str(tmp_path / "run")).download()
    write(there, checkpoint='model_checkpoint_path: "pwcnet.ckpt-9"')
    with pytest.raises(FileNotFoundError, match="pwcnet.ckpt-9"):
        RemoteRun(url, str(tmp_path / "run")).download()


def test_results_that_are_there_already(tmp_path):
    checkpoint(tmp_path / "run", 1)
    results = RemoteRun(str(tmp_path / "run") + "/", str(tmp_path / "run"))
    assert results.download() is None and results.upload_checkpoints()
    results.upload_everything()


def test_followers_wait_for_the_leaders_last_checkpoint(place, tmp_path, monkeypatch):
    url, there = place
    monkeypatch.setattr("pwcnet.ascend.remote_run.POLL_SECONDS", 0.01)
    leader, follower = (
        RemoteRun(url, str(tmp_path / "leader")),
        RemoteRun(url, str(tmp_path / "follower")),
    )
    checkpoint(tmp_path / "leader", 1000)
    assert leader.upload_checkpoints()
    with pytest.raises(
        OSError,
        match="within 0.05 seconds: there is no .*follower/finished",
    ):
        follower.wait_for_leader(0.05)
    checkpoint(tmp_path / "leader", 2000)
    write(tmp_path / "leader", finished="")
    assert leader.upload_checkpoints() and names(there / "signals") == ["finished"]
    follower.wait_for_leader(10, checkpoints=["pwcnet.ckpt-1000", "pwcnet.ckpt-500"])
    assert [name for name in names(tmp_path / "follower") if name.endswith("index")] == [
        "pwcnet.ckpt-1000.index",
        "pwcnet.ckpt-2000.index",
    ]
    follower.wait_for_leader(10)  # it has been there since

    again = RemoteRun(url, str(tmp_path / "leader"))
    again.mark_unfinished()
    with pytest.raises(OSError, match="other/finished"):
        RemoteRun(url, str(tmp_path / "other")).wait_for_leader(0.05)
    assert again.upload_checkpoints()
    RemoteRun(url, str(tmp_path / "other")).wait_for_leader(10)
    again.upload_everything()
    assert "finished" not in names(there)


def test_followers_on_the_leaders_machine(tmp_path):
    checkpoint(tmp_path, 1)
    write(tmp_path, finished="")
    RemoteRun(str(tmp_path), str(tmp_path)).wait_for_leader(1)
