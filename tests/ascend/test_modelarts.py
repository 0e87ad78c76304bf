"""Copies between this machine and ModelArts, against a stand-in of moxing, and between folders."""

import os

import pytest

from pwcnet.ascend.modelarts import Results, fetch_data, fetch_weights
from tests.standins.fixtures import standins, without  # noqa: F401


@pytest.fixture
def obs(standins, tmp_path, monkeypatch):  # noqa: F811
    """The folder that obs:// stands for."""
    monkeypatch.setenv("STANDIN_OBS", str(tmp_path / "obs"))
    return tmp_path / "obs"


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".").replace("_of_", "-of-")).write_text(text + "")
    return folder


def checkpoint(folder, step, text="weights"):
    folder.mkdir(parents=True, exist_ok=True)
    for ending in (".data-00000-of-00001", ".index"):
        (folder / ("pwcnet.ckpt-%d%s" % (step, ending))).write_text(text + "")
    (folder / "checkpoint").write_text('model_checkpoint_path: "pwcnet.ckpt-%d"\n' % step)
    return str(folder / ("pwcnet.ckpt-%d" % step))


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def moxing_fails(after):
    import moxing

    moxing.file.failures["after"] = after
    return moxing.file


def test_data_is_copied_once(obs, tmp_path):
    write(obs / "bucket" / "data", a="1", b="2")
    for _ in range(2):
        assert fetch_data("obs://bucket/data", str(tmp_path / "cache" / "data") + "/") == str(
            tmp_path / "cache" / "data"
        )
    assert names(tmp_path / "cache" / "data") == ["a", "b"]
    import moxing

    assert len(moxing.file.CALLS) == 1
    write(obs / "bucket" / "other", a="1")
    with pytest.raises(
        OSError,
        match="expected .*data to be free for obs://bucket/other, but it holds the copy of obs://bucket/data; choose another folder",
    ):
        fetch_data("obs://bucket/other", str(tmp_path / "cache" / "data"))


def test_a_copy_that_breaks_is_made_again(obs, tmp_path):
    write(obs / "bucket" / "data", a="1", b="2")
    files = moxing_fails(after=1)
    with pytest.raises(
        OSError,
        match="expected to copy obs://bucket/data to .*data, but: OBS: connection reset; try again",
    ):
        fetch_data("obs://bucket/data", str(tmp_path / "data"))
    assert names(tmp_path / "data") == ["a"] and not (tmp_path / "data.complete").exists()
    files.failures["after"] = None
    fetch_data("obs://bucket/data", str(tmp_path / "data"))
    assert names(tmp_path / "data") == ["a", "b"] and (tmp_path / "data.complete").exists()


def test_mounted_data_stays_where_it_is(tmp_path):
    assert fetch_data(str(tmp_path), "/nowhere/data") == str(tmp_path)
    with pytest.raises(
        FileNotFoundError, match="expected a folder or an obs:// URL of data, found no /nowhere"
    ):
        fetch_data("/nowhere", str(tmp_path / "data"))


def test_obs_without_moxing(monkeypatch, tmp_path):
    without(monkeypatch, "moxing")
    for use in (
        lambda url: fetch_data(url, str(tmp_path / "data")),
        lambda url: fetch_weights(url, str(tmp_path)),
        lambda url: Results(url, str(tmp_path)),
    ):
        with pytest.raises(
            ValueError,
            match="expected moxing for obs://bucket.*; run where ModelArts provides it, or copy the files here and name their folder",
        ):
            use("obs://bucket/x")


def test_what_is_not_on_obs(obs, tmp_path):
    with pytest.raises(FileNotFoundError, match="expected data at obs://bucket/x, found none"):
        fetch_data("obs://bucket/x", str(tmp_path / "data"))
    with pytest.raises(
        FileNotFoundError, match="expected a checkpoint, found no obs://bucket/x.index"
    ):
        fetch_weights("obs://bucket/x", str(tmp_path))


def test_weights_by_name(obs, tmp_path):
    assert (
        fetch_weights(None, "/nowhere") is None
        and fetch_weights("pretrained/pwcnet.ckpt-1", "/nowhere") == "pretrained/pwcnet.ckpt-1"
    )
    checkpoint(obs / "bucket", 595000)
    (obs / "bucket" / "pwcnet.ckpt-595000.meta").write_text("graph")
    files = moxing_fails(after=2)
    with pytest.raises(
        OSError, match="expected to copy obs://bucket to .*pretrained, but: OBS: connection reset"
    ):
        fetch_weights("obs://bucket/pwcnet.ckpt-595000", str(tmp_path / "pretrained"))
    assert names(tmp_path / "pretrained") == [".pwcnet.ckpt-595000.lock"]
    files.failures["after"] = None
    for url in ("obs://bucket/pwcnet.ckpt-595000", "obs://bucket/pwcnet.ckpt-595000.index"):
        assert fetch_weights(url, str(tmp_path / "pretrained")) == str(
            tmp_path / "pretrained" / "pwcnet.ckpt-595000"
        )
    assert [name for name in names(tmp_path / "pretrained") if not name.endswith(".lock")] == [
        "pwcnet.ckpt-595000.data-00000-of-00001",
        "pwcnet.ckpt-595000.index",
        "pwcnet.ckpt-595000.meta",
    ]
    assert len(files.CALLS) == 2  # the one that broke, then one, and none for the second name


@pytest.fixture(params=["obs", "folder"])
def place(request, obs, tmp_path):
    """(URL of results, the folder that it means)"""
    return (
        ("obs://bucket/run/", obs / "bucket" / "run")
        if request.param == "obs"
        else (str(tmp_path / "mounted"), tmp_path / "mounted")
    )


def test_checkpoints_go_out_and_come_back(place, tmp_path):
    url, there = place
    results = Results(url, str(tmp_path / "run"))
    assert results.bring_back() is None
    for step in (1000, 2000):
        checkpoint(tmp_path / "run", step)
        assert results.save()
    os.remove(str(tmp_path / "run" / "pwcnet.ckpt-1000.index"))  # as a run removes old ones
    write(tmp_path / "run", options__json="{}", train__log="step=1")
    write(tmp_path / "run" / "best", best__json="{}")
    results.finish()
    endings = ["data-00000-of-00001", "index"]
    saved = ["pwcnet.ckpt-%d.%s" % (step, ending) for step in (1000, 2000) for ending in endings]
    assert names(there) == ["best", "checkpoint", "options.json"] + saved + ["train.log"] and names(
        there / "best"
    ) == ["best.json"]
    assert (there / "checkpoint").read_text() == 'model_checkpoint_path: "pwcnet.ckpt-2000"\n'

    again = Results(url, str(tmp_path / "again"))
    assert again.bring_back(also=["pwcnet.ckpt-1000", "pwcnet.ckpt-500"]) == str(
        tmp_path / "again" / "pwcnet.ckpt-2000"
    )
    assert names(tmp_path / "again") == ["options.json"] + saved + ["train.log"]
    assert again.bring_back() is None  # it goes on from its own


def test_a_checkpoint_that_cannot_be_copied_is_tried_again(obs, tmp_path, caplog):
    results = Results("obs://bucket/run", str(tmp_path / "run"))
    checkpoint(tmp_path / "run", 1000)
    files = moxing_fails(after=1)
    assert not results.save()
    assert (
        "pwcnet.ckpt-1000.index to obs://bucket/run, but: OBS: connection reset; try again; it is tried again with the next checkpoint"
        in caplog.text
    )
    assert names(obs / "bucket" / "run") == [
        "pwcnet.ckpt-1000.data-00000-of-00001"
    ]  # no index: no reader takes it
    with pytest.raises(
        OSError,
        match="expected all checkpoints of .*run to be copied to obs://bucket/run, but not all are; copy the folder by hand",
    ):
        results.finish()
    assert Results("obs://bucket/run", str(tmp_path / "again")).bring_back() is None
    files.failures["after"] = None
    checkpoint(tmp_path / "run", 2000)
    assert results.save() and len(names(obs / "bucket" / "run")) == 5


def test_results_that_are_broken(place, tmp_path):
    url, there = place
    write(there, checkpoint="nothing")
    with pytest.raises(
        ValueError,
        match='expected model_checkpoint_path: "NAME" in .*/checkpoint, got something else',
    ):
        Results(url, str(tmp_path / "run")).bring_back()
    write(there, checkpoint='model_checkpoint_path: "pwcnet.ckpt-9"')
    with pytest.raises(
        FileNotFoundError, match="expected the latest checkpoint pwcnet.ckpt-9, found none in "
    ):
        Results(url, str(tmp_path / "run")).bring_back()


def test_results_that_are_there_already(tmp_path):
    checkpoint(tmp_path / "run", 1)
    results = Results(str(tmp_path / "run") + "/", str(tmp_path / "run"))
    assert results.bring_back() is None and results.save()
    results.finish()


def test_what_is_not_documented_is_not_there(obs):
    """The stand-in has what ModelArts' manual names, so that the other tests show that nothing else is used."""
    import moxing

    write(obs / "bucket", a="1")
    assert not hasattr(moxing.file, "copy")
    with pytest.raises(RuntimeError, match="no folder"):
        moxing.file.copy_parallel("obs://bucket/a", "b")


def test_followers_wait_for_the_leaders_last_checkpoint(place, tmp_path, monkeypatch):
    url, there = place
    monkeypatch.setattr("pwcnet.ascend.modelarts.POLL", 0.01)
    leader, follower = (
        Results(url, str(tmp_path / "leader")),
        Results(url, str(tmp_path / "follower")),
    )
    checkpoint(tmp_path / "leader", 1000)
    assert leader.save()
    with pytest.raises(
        OSError,
        match="expected the leader's last checkpoint, found no .*follower/finished within 0.05 seconds, nor one in .*; look",
    ):
        follower.wait_finished(0.05)
    checkpoint(tmp_path / "leader", 2000)
    write(tmp_path / "leader", finished="")
    assert leader.save() and names(there / "signals") == ["finished"]
    follower.wait_finished(10, also=["pwcnet.ckpt-1000", "pwcnet.ckpt-500"])
    assert [name for name in names(tmp_path / "follower") if name.endswith("index")] == [
        "pwcnet.ckpt-1000.index",
        "pwcnet.ckpt-2000.index",
    ]
    follower.wait_finished(10)  # it has been there since

    again = Results(url, str(tmp_path / "leader"))
    again.reopen()
    with pytest.raises(OSError, match="expected the leader's last checkpoint"):
        Results(url, str(tmp_path / "other")).wait_finished(0.05)
    assert again.save()
    Results(url, str(tmp_path / "other")).wait_finished(10)
    again.finish()
    assert "finished" not in names(there)


def test_followers_on_the_leaders_machine(tmp_path):
    checkpoint(tmp_path, 1)
    write(tmp_path, finished="")
    Results(str(tmp_path), str(tmp_path)).wait_finished(1)
