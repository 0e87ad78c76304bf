"""TensorBoard's event files, made of protos in Python: no ops in the graph, which cannot send summaries to the host from every device."""

import glob
import os
import socket
import time
from contextlib import contextmanager

import cv2
import numpy as np

from pwcnet.runtime.tensorflow import cause, tf

VERSION = "brain.Event:2"  # TensorBoard heeds the marks of a restart from this version on
FLUSH_SECONDS = 10


class Summaries:
    """Writes numbers and pictures of a run into a new event file in `folder`, which is made if it is missing. Also a context manager.

    folder: None writes nothing, for workers other than the leader. first_step: the step that the run goes on from; what an earlier run wrote for later steps
    (for any step where it is 0) is marked as overwritten, and TensorBoard and `read_curves` leave it out.
    What is written reaches the file within 10 seconds of later calls, at the latest with `flush` or `close`.
    All methods raise OSError where the file cannot be written; nothing more is written after that.

    The file is written as the TFRecords that it consists of: tf.summary.FileWriter loses what does not fit on the disk without a word.
    """

    def __init__(self, folder, first_step=0):
        self._writer = None
        if folder is None:
            return
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(
            folder, "events.out.tfevents.%d.%s" % (time.time_ns(), socket.gethostname())
        )  # read in the order of their names
        with self._errors():
            self._writer = tf.io.TFRecordWriter(self.path)
        self._write(file_version=VERSION)
        self._write(
            step=first_step + 1 if first_step else 0,
            session_log=tf.SessionLog(status=tf.SessionLog.START),
        )
        self.flush()

    def scalars(self, step, values):
        """Numbers of a step. values: {tag: float}; a number that is not finite is written as such."""
        self._summary(
            step,
            [tf.Summary.Value(tag=tag, simple_value=float(value)) for tag, value in values.items()],
        )

    def pictures(self, step, images):
        """Pictures of a step, as PNG. images: {tag: [H, W, 3] uint8 RGB}. Raises ValueError for other arrays."""
        if self._writer is not None:
            self._summary(
                step,
                [
                    tf.Summary.Value(tag=tag, image=_encoded(tag, image))
                    for tag, image in images.items()
                ],
            )

    def flush(self):
        """Writes to the file what is still in memory."""
        if self._writer is not None:
            with self._errors():
                self._writer.flush()
            self._flushed = time.monotonic()

    def close(self):
        """Flushes, and ends the file; does nothing the second time."""
        if self._writer is not None:
            with self._errors():
                self._writer.close()
            self._writer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _summary(self, step, values):
        self._write(step=step, summary=tf.Summary(value=values))
        if self._writer is not None and time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def _write(self, **content):
        if self._writer is not None:
            with self._errors():
                self._writer.write(tf.Event(wall_time=time.time(), **content).SerializeToString())

    @contextmanager
    def _errors(self):
        try:
            yield
        except tf.errors.OpError as error:
            self._writer = None  # behind half a record nothing can be read
            raise OSError(
                "%s: %s; free some space or choose another folder"
                % (self.path, cause(error).split("; ")[-1])
            )


def _encoded(tag, image):
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(
            "expected a picture of shape [H, W, 3] and uint8, got %s and %s for %r; try colours of pwcnet.flow.colors"
            % (image.shape, image.dtype, tag)
        )
    png = cv2.imencode(".png", image[..., ::-1])[1]
    return tf.Summary.Image(
        height=image.shape[0],
        width=image.shape[1],
        colorspace=3,
        encoded_image_string=png.tobytes(),
    )


def read_curves(folder):
    """What a run wrote with `Summaries.scalars`: {tag: (steps [N] int64, values [N] float64)}, in the order of writing.

    folder: holds the event files, or has one folder that does. As in TensorBoard, a run that went on from a step replaces what was written for later steps.
    A file that breaks off, as a killed program leaves it, is read as far as it goes.
    Raises FileNotFoundError where there is no such folder or no event file; ValueError where it has several runs, no numbers, or other files by such a name.
    """
    points = {}
    for path in _event_files(folder):
        for event in _events(path):
            if event.session_log.status == tf.SessionLog.START:
                points = {
                    tag: [point for point in before if point[0] < event.step]
                    for tag, before in points.items()
                }
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    points.setdefault(value.tag, []).append((event.step, value.simple_value))
    curves = {
        tag: (
            np.array([step for step, _ in each], np.int64),
            np.array([value for _, value in each]),
        )
        for tag, each in points.items()
        if each
    }
    if not curves:
        raise ValueError(
            "expected numbers in the event files of %s, got none; try again when the run has written some"
            % folder
        )
    return curves


def _event_files(folder):
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            "expected the folder of a training run, got %s, which is none; try the --save_path of the run"
            % folder
        )
    pattern = "*.tfevents.*"
    files = glob.glob(os.path.join(glob.escape(folder), pattern)) or glob.glob(
        os.path.join(glob.escape(folder), "*", pattern)
    )
    folders = sorted({os.path.dirname(path) for path in files})
    if not folders:
        raise FileNotFoundError(
            "expected event files (events.out.tfevents.*), got none in %s; try the --save_path of a run that writes them"
            % folder
        )
    if len(folders) > 1:
        raise ValueError(
            "expected one run, got %d in %s; try %s" % (len(folders), folder, " ".join(folders))
        )
    return sorted(files)


def _events(path):
    """The events of a file, to its end or to where it breaks off."""
    count = 0
    try:
        for event in tf.train.summary_iterator(path):
            count += 1
            yield event
    except tf.errors.DataLossError as error:
        if not count and os.path.getsize(path) > 0:
            raise ValueError(
                "expected an event file, got %s (%s); try without this file" % (path, cause(error))
            )
    except tf.errors.OpError as error:
        raise OSError("%s: %s" % (path, cause(error)))
