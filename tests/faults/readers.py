"""Every reader of files, with a small valid file of each kind.

A reader gives what it has read as a list of arrays, texts and numbers. `Kind` says what must be
true of it.
"""

import glob
import json
import os
import shutil
from typing import Callable, NamedTuple

import cv2
import numpy as np

from pwcnet.ascend.rank_table import rank_table, read_rank_table
from pwcnet.ascend.raw_files import read_raw, write_raw
from pwcnet.data.datasets.file_list import file_list_samples
from pwcnet.evaluation.journal import Journal
from pwcnet.evaluation.results import read_evaluation
from pwcnet.evaluation.scoring import Result
from pwcnet.io.flow_files import read_flow, write_flow
from pwcnet.io.flow_pictures import read_flow_pictures, write_flow_pictures
from pwcnet.io.frames import open_frames
from tests.helpers import evaluations
from tests.helpers.frames import moving_frames
from tests.helpers.golden import golden_weights

SIZE = 48, 64
EVENTS = "events.out.tfevents.1.host"


class Kind(NamedTuple):
    """A kind of files.

    Attributes:
        name: The name of the file that is damaged; others may lie beside it.
        make: Writes the files to a folder.
        read: Reads the file at a path.
        checked: The format has checksums: damage is found, or does not matter.
        open_ended: The format does not say how long it is: a file that was cut may be read as far
            as it goes.
    """

    name: str
    make: Callable
    read: Callable
    checked: bool = False
    open_ended: bool = False


def frames(count=2):
    return moving_frames(count, *SIZE)


def flow():
    return np.random.RandomState(0).uniform(-20, 20, SIZE + (2,)).astype(np.float32)


def image_kind(name, parameters=(), dtype=np.uint8):
    """Two images, of which the first one is damaged."""

    def make(folder):
        first, second = (frame[..., ::-1].astype(dtype) for frame in frames())
        if dtype == np.uint16:
            first = first * 257
        grey = name.endswith(".pgm")
        cv2.imwrite(os.path.join(folder, name), first[..., 0] if grey else first, parameters)
        cv2.imwrite(os.path.join(folder, "good.ppm"), second)

    def read(path):
        beside = os.path.join(os.path.dirname(path), "good.ppm")
        return [item.image for item in open_frames([path, beside]).frames]

    return Kind(name, make, read)


def flow_kind(name, **facts):
    def make(folder):
        write_flow(os.path.join(folder, name), flow())

    return Kind(name, make, lambda path: list(read_flow(path)), **facts)


def video_kind(name, codec, pixels="yuv420p"):
    def make(folder):
        from tests.helpers.pyav_videos import write_pyav_video

        write_pyav_video(os.path.join(folder, name), frames(9), codec, pixels, gop=4)

    def read(path):
        return [item.image for item in open_frames([path]).frames]

    return Kind(name, make, read, open_ended=True)


def make_pictures(folder):
    names = [os.path.join(folder, name) for name in ("flow_x.png", "flow_y.png")]
    write_flow_pictures(*names, flow=flow(), bound=20)


def read_pictures(path):
    beside = os.path.join(os.path.dirname(path), "flow_y.png")
    return [read_flow_pictures(path, beside, 20)]


def make_archive(folder):
    np.savez_compressed(os.path.join(folder, "weights.npz"), **small_weights())


def make_checkpoint(folder):
    from tests.helpers.checkpoints import write_checkpoint

    write_checkpoint(folder, small_weights(), step=7)


def small_weights():
    """Weights of the small variant that are small in a file: most of them are zero."""
    return {
        name: np.where(np.arange(value.size).reshape(value.shape) < 50, value, 0).astype(np.float16)
        for name, value in golden_weights("sm", 0).items()
    }


def read_weights(path):
    from pwcnet.weights.checkpoint import Checkpoint

    checkpoint = Checkpoint(path)
    checkpoint.check_readable()
    return [checkpoint.config.name] + [
        checkpoint.weight(name, shape) for name, shape in sorted(checkpoint.shapes.items())
    ]


def make_graph(folder):
    """A graph with the ends of a frozen network that is small in between."""
    from pwcnet.export.frozen_graph import INPUT, OUTPUT, write_frozen
    from pwcnet.runtime.tensorflow import tf

    with tf.Graph().as_default() as graph:
        pair = tf.placeholder(tf.float32, (1, 2) + SIZE + (3,), name=INPUT)
        kernel = tf.constant(np.random.RandomState(0).randn(3, 3, 3, 2).astype(np.float32))
        flow = tf.nn.leaky_relu(tf.nn.conv2d(pair[:, 0], kernel, [1, 1, 1, 1], "SAME"))
        tf.identity(flow, name=OUTPUT)
        write_frozen(os.path.join(folder, "pwcnet.pb"), graph.as_graph_def())


def read_graph(path):
    from pwcnet.cli.inspect_graph import describe_graph

    return [json.dumps(describe_graph(path), sort_keys=True)]


def make_raw(folder):
    write_raw(os.path.join(folder, "pair.bin"), flow())


def make_rank_table(folder):
    devices = [
        [(str(device), "192.168.%d.%d" % (server, device)) for device in range(4)]
        for server in (1, 2)
    ]
    table = rank_table([("10.0.0.%d" % server, each) for server, each in enumerate(devices, 1)])
    with open(os.path.join(folder, "rank_table.json"), "w") as stream:
        json.dump(table, stream, indent=2)


def example_evaluation():
    return evaluations.evaluation(dict.fromkeys(evaluations.SCENES, 1.5))


def make_evaluation(folder):
    import pathlib

    written = evaluations.write(pathlib.Path(folder) / "evaluation", example_evaluation())
    for name in os.listdir(written):
        shutil.move(os.path.join(written, name), folder)
    os.rmdir(written)


def read_evaluation_of(path):
    evaluation = read_evaluation(os.path.dirname(path))
    return [json.dumps(evaluation.summary, sort_keys=True), repr(evaluation.pairs)]


SETTINGS = {"data": "sintel-clean", "masked": False}


def make_journal(folder):
    journal = Journal(os.path.join(folder, "journal.jsonl"), SETTINGS)
    for pair in example_evaluation().pairs:
        journal.add(Result(pair.name, pair.means, None, 0.25, False, None))
    journal.close()


def read_journal(path):
    return [repr(result) for result in Journal(path, SETTINGS).results.values()]


def options():
    return {"model": {"name": "small"}, "training": {"loss": "robust", "steps": 9}, "workers": 1}


def make_options(folder):
    from pwcnet.training.run_folder import RunFolder

    with RunFolder(folder) as run:
        run.write_options(options())


def read_options(path):
    from pwcnet.training.run_folder import RunFolder

    with RunFolder(os.path.dirname(path)) as run:
        return [repr(run.differences(options()))]


def make_events(folder):
    from pwcnet.training.tensorboard import EventWriter

    writer = EventWriter(folder)
    for step in range(1, 20):
        writer.scalars(step, {"loss": 1 / step})
    writer.close()
    os.rename(glob.glob(os.path.join(folder, "events.*"))[0], os.path.join(folder, EVENTS))


def read_events(path):
    from pwcnet.training.tensorboard import read_curves

    steps, values = read_curves(os.path.dirname(path))["loss"]
    return list(zip(steps.tolist(), values.tolist()))


def make_list(folder):
    make_pictures(folder)
    with open(os.path.join(folder, "pairs.txt"), "w") as stream:
        stream.write("flow_x.png flow_y.png flow_x.png\n" * 5)


def read_list(path):
    return [repr(sample) for sample in file_list_samples(path)]


KINDS = {
    kind.name: kind
    for kind in (
        image_kind("a.png"),
        image_kind("a16.png", dtype=np.uint16),
        image_kind("a.jpg"),
        image_kind("a.ppm"),
        image_kind("a.pgm"),
        image_kind("a.bmp"),
        image_kind("a.tif"),
        image_kind("a.webp"),
        flow_kind("flow.flo"),
        flow_kind("flow.png"),
        flow_kind("flow.pfm"),
        flow_kind("flow.npy"),
        flow_kind("flow.npz", checked=True),
        flow_kind("flow.flo5"),
        Kind("flow_x.png", make_pictures, read_pictures),
        video_kind("clip.mp4", "libx264"),
        video_kind("clip.mkv", "libx264"),
        video_kind("clip.ts", "libx264"),
        video_kind("clip.webm", "libvpx-vp9"),
        video_kind("clip.avi", "mjpeg", "yuvj420p"),
        video_kind("clip.gif", "gif", "rgb8"),
        Kind("weights.npz", make_archive, read_weights, checked=True),
        Kind("pwcnet.ckpt-7.index", make_checkpoint, read_weights, checked=True),
        Kind("pwcnet.ckpt-7.data-00000-of-00001", make_checkpoint, read_weights, checked=True),
        Kind("pwcnet.pb", make_graph, read_graph),
        Kind("pair.bin", make_raw, lambda path: [read_raw(path, SIZE + (2,))]),
        Kind("rank_table.json", make_rank_table, lambda path: [repr(read_rank_table(path))]),
        Kind("evaluation.json", make_evaluation, read_evaluation_of),
        Kind("pairs.csv", make_evaluation, read_evaluation_of),
        Kind("journal.jsonl", make_journal, read_journal, open_ended=True),
        Kind("options.json", make_options, read_options),
        Kind(EVENTS, make_events, read_events, checked=True, open_ended=True),
        Kind("pairs.txt", make_list, read_list, open_ended=True),
    )
}
