import os

import cv2
import numpy as np
import pytest

from pwcnet.runtime.tensorflow import tf
from pwcnet.training.tensorboard import EventWriter, read_curves


def write(folder, steps, first_step=0, offset=0.0):
    with EventWriter(folder, first_step) as writer:
        for step in steps:
            writer.scalars(step, {"loss": step + offset})
        return writer.path


def listed(curve):
    steps, values = curve
    assert steps.dtype == np.int64 and values.dtype == np.float64
    return list(zip(steps.tolist(), values.tolist()))


def test_scalars_round_trip(tmp_path):
    folder = str(tmp_path / "new" / "run")
    with EventWriter(folder) as writer:
        writer.scalars(0, {"epe": 1.5, "loss/level6": np.float32(0.25)})
        writer.scalars(10, {"epe": float("nan")})
    curves = read_curves(folder)
    assert list(curves) == ["epe", "loss/level6"] and listed(curves["loss/level6"]) == [(0, 0.25)]
    assert (
        curves["epe"][0].tolist() == [0, 10]
        and curves["epe"][1][0] == 1.5
        and np.isnan(curves["epe"][1][1])
    )


@pytest.mark.parametrize("name", ["run[1]", "back\\slash", os.fsdecode(b"latin-\xfc")], ids=ascii)
def test_event_files_in_any_folder(name, tmp_path):
    path = write(str(tmp_path / name), [1, 2])
    assert os.path.dirname(path) == str(tmp_path / name) and os.path.getsize(path)
    assert listed(read_curves(str(tmp_path / name))["loss"]) == [(1, 1.0), (2, 2.0)]


def test_images_round_trip(tmp_path):
    image = np.random.RandomState(0).randint(0, 256, (5, 7, 3)).astype(np.uint8)
    with tf.Graph().as_default() as graph, EventWriter(
        str(tmp_path)
    ) as writer:  # as in the training loop
        writer.images(3, {"validation/a/b/ground_truth": image})
        assert not graph.get_operations()
    events = [event for event in tf.train.summary_iterator(writer.path) if event.summary.value]
    value = events[0].summary.value[0]
    assert (
        len(events) == 1
        and events[0].step == 3
        and value.tag == "validation/a/b/ground_truth"
        and (value.image.height, value.image.width) == (5, 7)
    )
    assert np.array_equal(
        cv2.imdecode(np.frombuffer(value.image.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)[
            ..., ::-1
        ],
        image,
    )


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
)
def test_arrays_that_are_no_images(tmp_path, image):
    with EventWriter(str(tmp_path)) as writer, pytest.raises(ValueError, match="'error'"):
        writer.images(1, {"error": image})


def test_flushed_numbers_can_be_read_while_the_run_goes_on(tmp_path):
    with EventWriter(str(tmp_path)) as writer:
        writer.scalars(1, {"loss": 1.0})
        writer.flush()
        assert listed(read_curves(str(tmp_path))["loss"]) == [(1, 1.0)]


def test_resuming_replaces_what_a_killed_run_wrote_later(tmp_path):
    folder = str(tmp_path)
    write(folder, (1, 2, 3, 4))
    write(folder, (3, 4, 5), first_step=2, offset=0.5)
    wanted = [(1, 1.0), (2, 2.0), (3, 3.5), (4, 4.5), (5, 5.5)]
    assert listed(read_curves(folder)["loss"]) == wanted
    write(folder, (0, 1), offset=0.25)  # killed before its first checkpoint, started from scratch
    assert listed(read_curves(folder)["loss"]) == [(0, 0.25), (1, 1.25)]


def test_tensorboard_reads_the_same(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    write(str(tmp_path), (1, 2, 3, 4))
    with EventWriter(str(tmp_path), first_step=2) as writer:
        writer.scalars(3, {"loss": 3.5})
        writer.images(3, {"ground_truth": np.zeros((5, 7, 3), np.uint8)})
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [
        (1, 1.0),
        (2, 2.0),
        (3, 3.5),
    ]
    assert [(event.step, event.height, event.width) for event in events.Images("ground_truth")] == [
        (3, 5, 7)
    ]


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path):
    path = write(str(tmp_path), (1, 2, 3))
    with open(path, "r+b") as stream:
        stream.truncate(os.path.getsize(path) - 5)
    assert listed(read_curves(str(tmp_path))["loss"]) == [(1, 1.0), (2, 2.0)]


def test_without_a_folder_nothing_happens():
    with EventWriter(None) as writer:
        writer.scalars(1, {"loss": 1.0})
        writer.images(1, {"ground_truth": np.zeros((2, 2, 3), np.uint8)})
        writer.flush()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        EventWriter(str(tmp_path / "file" / "run"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_told_once(tmp_path):
    writer = EventWriter(str(tmp_path))
    writer._writer = tf.io.TFRecordWriter("/dev/full")
    with pytest.raises(OSError, match="tfevents.*[Nn]o space.*; free some space"):
        writer.scalars(1, {"loss": 1.0})
        writer.flush()
    writer.scalars(2, {"loss": 1.0})
    writer.close()


def test_folders_without_a_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_curves(str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        read_curves(str(tmp_path))
    EventWriter(str(tmp_path / "a")).close()
    with pytest.raises(ValueError, match=str(tmp_path)):
        read_curves(str(tmp_path))
    write(str(tmp_path / "a"), (1,))
    assert listed(read_curves(str(tmp_path))["loss"]) == [(1, 1.0)]  # in the one folder of the run
    write(str(tmp_path / "b"), (1,))
    with pytest.raises(ValueError, match=str(tmp_path / "b")):
        read_curves(str(tmp_path))


def test_a_file_that_is_no_event_file(tmp_path):
    (tmp_path / "events.out.tfevents.1").write_bytes(
        b"no event, but longer than the header of a record"
    )
    with pytest.raises(ValueError, match="tfevents.1"):
        read_curves(str(tmp_path))
