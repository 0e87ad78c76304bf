import os

import cv2
import numpy as np
import pytest

from pwcnet.data.datasets.sintel import sintel_samples
from pwcnet.data.sample import load_sample
from pwcnet.data.synthetic.demo_scenes import make_scene, write_sintel

HEIGHT, WIDTH = 96, 128


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(seed, HEIGHT, WIDTH, 4, 8) for seed in range(5)]


def steps(scene):
    return zip(scene.frames, scene.frames[1:], scene.flows, scene.occlusions, scene.invalids)


def grid(flow):
    return np.stack(
        np.meshgrid(np.arange(flow.shape[1]), np.arange(flow.shape[0])), axis=-1
    ).astype(np.float32)


def difference(frame1, frame2, flow):
    x, y = np.moveaxis(grid(flow) + flow, -1, 0)
    return np.abs(cv2.remap(frame2, x, y, cv2.INTER_LINEAR).astype(float) - frame1).mean(axis=-1)


def test_shapes_and_types(scenes):
    for scene in scenes:
        assert (
            len(scene.frames),
            len(scene.flows),
            len(scene.occlusions),
            len(scene.invalids),
        ) == (4, 3, 3, 3)
        assert all(
            frame.shape == (HEIGHT, WIDTH, 3) and frame.dtype == np.uint8 for frame in scene.frames
        )
        assert all(
            flow.shape == (HEIGHT, WIDTH, 2) and flow.dtype == np.float32 for flow in scene.flows
        )
        assert all(
            mask.shape == (HEIGHT, WIDTH) and mask.dtype == bool
            for mask in scene.occlusions + scene.invalids
        )


def test_warping_back_reproduces_what_is_visible(scenes):
    for scene in scenes:
        for frame1, frame2, flow, occluded, invalid in steps(scene):
            error, still = (
                difference(frame1, frame2, flow),
                difference(frame1, frame2, np.zeros_like(flow)),
            )
            assert error[~occluded].mean() < 1.5
            assert error[~occluded & ~invalid].mean() < 1.0
            assert error[~occluded].mean() < 0.35 * still[~occluded].mean()
            assert (
                np.percentile(error[~occluded & ~invalid], 97) < 8
            )  # the rest leads to pixels that mix two layers


def test_occluded_pixels_do_not_reproduce(scenes):
    seen, hidden = [], []
    for scene in scenes:
        for frame1, frame2, flow, occluded, _ in steps(scene):
            inside = (
                (grid(flow) + flow >= 0) & (grid(flow) + flow <= [WIDTH - 1, HEIGHT - 1])
            ).all(axis=-1)
            assert occluded[~inside].all()
            error = difference(frame1, frame2, flow)
            seen.extend(error[~occluded])
            hidden.extend(error[occluded & inside])
    assert np.mean(hidden) > 15 * np.mean(seen)
    assert 0.01 < len(hidden) / len(seen) < 0.2


def test_motion_uses_its_limit_and_keeps_it(scenes):
    largest = [
        np.hypot(*np.moveaxis(flow, -1, 0)).max() for scene in scenes for flow in scene.flows
    ]
    assert max(largest) <= 8 and min(largest) > 3


def test_flow_has_several_layers_and_detail(scenes):
    for scene in scenes:
        jumps = np.abs(np.diff(scene.flows[0], axis=1)).max(axis=-1) > 0.5
        assert jumps.sum() > 40
        assert scene.frames[0].std() > 20


def test_no_motion_gives_zero_flow():
    scene = make_scene(3, 32, 48, 2, 0)
    assert not scene.flows[0].any() and not scene.occlusions[0].any()
    np.testing.assert_array_equal(*scene.frames)


def test_long_and_fast_scenes_stay_right():
    scene = make_scene(9, 64, 80, 25, 12)
    for frame1, frame2, flow, occluded, invalid in list(steps(scene))[-3:]:
        assert np.hypot(*np.moveaxis(flow, -1, 0)).max() <= 12
        assert difference(frame1, frame2, flow)[~occluded & ~invalid].mean() < 1.2


def test_same_seed_same_scene(scenes):
    again = make_scene(1, HEIGHT, WIDTH, 4, 8)
    for one, other in zip(scenes[1], again):
        np.testing.assert_array_equal(one, other)
    assert (scenes[0].frames[0] != again.frames[0]).any()


@pytest.mark.parametrize(
    "wrong",
    [(8, 64, 2, 4), (64, 8, 2, 4), (64, 64, 1, 4), (64, 64, 2, -1), (64, 64, 2, float("nan"))],
)
def test_refuses_sizes_that_make_no_scene(wrong):
    with pytest.raises(ValueError, match="expected at least 16x16"):
        make_scene(0, *wrong)


def test_written_scenes_read_back(scenes, tmp_path):
    write_sintel(str(tmp_path), [("one", scenes[0]), ("two", scenes[1])], [("three", scenes[2])])
    for render_pass in ("clean", "final"):
        samples = sintel_samples(str(tmp_path), render_pass)
        assert [sample.id for sample in samples] == [
            "%s/frames_%04d_%04d" % (scene, n, n + 1) for scene in ("one", "two") for n in (1, 2, 3)
        ]
        loaded = load_sample(samples[4], masked=True)
        np.testing.assert_array_equal(loaded.flow, scenes[1].flows[1])
        np.testing.assert_array_equal(loaded.occlusion, scenes[1].occlusions[1])
        np.testing.assert_array_equal(loaded.valid, ~scenes[1].invalids[1])
        change = np.abs(loaded.frame2.astype(float) - scenes[1].frames[2]).mean()
        assert change == 0 if render_pass == "clean" else 0.5 < change < 8
        test = sintel_samples(str(tmp_path), render_pass, mode="test")
        assert [sample.id for sample in test] == [
            "three/frames_%04d_%04d" % (n, n + 1) for n in (1, 2, 3)
        ]


def test_writing_again_replaces_what_was_made(scenes, tmp_path):
    write_sintel(str(tmp_path), [("one", scenes[0]), ("two", scenes[1])])
    write_sintel(str(tmp_path), [("three", scenes[2])])
    assert {sample.id.split("/")[0] for sample in sintel_samples(str(tmp_path))} == {"three"}


@pytest.mark.parametrize(
    "foreign",
    [
        "MPI-Sintel-complete/training/clean/alley_1/frame_0001.png",
        "training/flow/alley_1/frame_0001.flo",
        "notes.txt",
    ],
)
def test_never_writes_among_other_files(foreign, scenes, tmp_path):
    path = tmp_path / foreign
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"precious")
    with pytest.raises(
        ValueError, match="expected an empty folder.*%s" % os.path.basename(foreign)
    ):
        write_sintel(str(tmp_path), [("alley_1", scenes[0])])
    assert [
        os.path.join(parent, name) for parent, _, names in os.walk(str(tmp_path)) for name in names
    ] == [str(path)]
    assert path.read_bytes() == b"precious"


def test_refuses_after_others_added_files(scenes, tmp_path):
    write_sintel(str(tmp_path), [("one", scenes[0])])
    (tmp_path / "MPI-Sintel-complete" / "training" / "flow" / "one" / "mine.flo").write_bytes(
        b"mine"
    )
    with pytest.raises(ValueError, match="mine.flo"):
        write_sintel(str(tmp_path), [("one", scenes[0])])
    assert len(sintel_samples(str(tmp_path))) == 3
