"""TensorBoard's event files: writing and reading.

Events are protos made in Python: ops in the graph cannot send summaries to the host from every
device.
"""

from __future__ import annotations

import glob
import os
import socket
import time
from contextlib import contextmanager
from typing import Any, Iterator, Mapping

import cv2
import numpy as np

from pwcnet.io.names import plain_path
from pwcnet.runtime.tensorflow import cause, tf

FILE_VERSION = "brain.Event:2"  # from this version on TensorBoard heeds the marks of a restart
FLUSH_SECONDS = 10


class EventWriter:
    """Writes scalars and images of a run into a new event file. Also a context manager.

    What is written reaches the file within 10 seconds of later calls, at the latest with `flush` or
    `close`. All methods raise OSError where the file cannot be written; after that nothing more is
    written.

    The file is written as the TFRecords that it consists of: tf.summary.FileWriter silently loses
    what does not fit on the disk.

    Args:
        folder: The folder of the event file; it is created where it is missing. None writes
            nothing.
        first_step: The step that the run goes on from. What an earlier run wrote for later steps
            (for any step where it is 0) is marked as overwritten: TensorBoard and `read_curves`
            leave it out.
    """

    def __init__(self, folder: str | None, first_step: int = 0) -> None:
        self._writer: Any = None
        if folder is None:
            return
        os.makedirs(folder, exist_ok=True)
        # Readers take the files of a run in the order of their names.
        name = "events.out.tfevents.%d.%s" % (time.time_ns(), socket.gethostname())
        self.path = os.path.join(folder, name)
        with self._errors(), plain_path(folder) as plain:
            self._writer = tf.io.TFRecordWriter(os.path.join(plain, name))
        self._write(file_version=FILE_VERSION)
        self._write(
            step=first_step + 1 if first_step else 0,
            session_log=tf.SessionLog(status=tf.SessionLog.START),
        )
        self.flush()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Writes the numbers of a step, by tag, NaN and infinity too."""
        self._summary(
            step,
            [tf.Summary.Value(tag=tag, simple_value=float(value)) for tag, value in values.items()],
        )

    def images(self, step: int, images: Mapping[str, np.ndarray]) -> None:
        """Writes the images of a step as PNG.

        Args:
            step: The step.
            images: [H, W, 3] uint8 RGB by tag.

        Raises:
            ValueError: An array is no such image; the message names its tag.
        """
        if self._writer is not None:
            self._summary(
                step,
                [
                    tf.Summary.Value(tag=tag, image=_encoded(tag, image))
                    for tag, image in images.items()
                ],
            )

    def flush(self) -> None:
        """Writes to the file what is still in memory."""
        if self._writer is not None:
            with self._errors():
                self._writer.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        """Flushes and closes the file; does nothing the second time."""
        if self._writer is not None:
            with self._errors():
                self._writer.close()
            self._writer = None

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _summary(self, step: int, values: list) -> None:
        self._write(step=step, summary=tf.Summary(value=values))
        if self._writer is not None and time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def _write(self, **content: Any) -> None:
        if self._writer is not None:
            with self._errors():
                self._writer.write(tf.Event(wall_time=time.time(), **content).SerializeToString())

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except tf.errors.OpError as error:
            self._writer = None  # nothing can be read behind half a record
            raise OSError(
                "%s: %s; free some space or choose another folder"
                % (self.path, cause(error).split("; ")[-1])
            )


def _encoded(tag: str, image: np.ndarray) -> tf.Summary.Image:
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(
            "expected an image of shape [H, W, 3] and uint8, got %s and %s for %r"
            % (image.shape, image.dtype, tag)
        )
    png = cv2.imencode(".png", image[..., ::-1])[1]
    return tf.Summary.Image(
        height=image.shape[0],
        width=image.shape[1],
        colorspace=3,
        encoded_image_string=png.tobytes(),
    )


def read_curves(folder: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Reads what a run wrote with `EventWriter.scalars`.

    As in TensorBoard, a run that went on from a step replaces what was written for later steps. A
    file that breaks off, as a killed program leaves it, is read as far as it goes.

    Args:
        folder: The folder of the event files, or one with a single folder that has some.

    Returns:
        (steps [N] int64, values [N] float64) by tag, in the order of writing.

    Raises:
        FileNotFoundError: There is no such folder, or no event file in it.
        ValueError: The folder has several runs, no numbers, or other files of such a name.
    """
    points: dict[str, list[tuple[int, float]]] = {}
    for path in _event_files(folder):
        for event in _events(path):
            if event.session_log.status == tf.SessionLog.START:
                points = {
                    tag: [point for point in earlier if point[0] < event.step]
                    for tag, earlier in points.items()
                }
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    points.setdefault(value.tag, []).append((event.step, value.simple_value))
    curves = {
        tag: (
            np.array([step for step, _ in curve], np.int64),
            np.array([value for _, value in curve]),
        )
        for tag, curve in points.items()
        if curve
    }
    if not curves:
        raise ValueError("The event files in %s hold no numbers" % folder)
    return curves


def _event_files(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        raise FileNotFoundError("No folder of a training run at %s" % folder)
    pattern = "*.tfevents.*"
    files = glob.glob(os.path.join(glob.escape(folder), pattern)) or glob.glob(
        os.path.join(glob.escape(folder), "*", pattern)
    )
    folders = sorted({os.path.dirname(path) for path in files})
    if not folders:
        raise FileNotFoundError("No event files (events.out.tfevents.*) in %s" % folder)
    if len(folders) > 1:
        raise ValueError(
            "%s holds the event files of %d runs; choose one of %s"
            % (folder, len(folders), " ".join(folders))
        )
    return sorted(files)


def _events(path: str) -> Iterator[tf.Event]:
    """The events of a file, to its end or to where it breaks off."""
    count = 0
    try:
        with plain_path(path) as plain:
            for event in tf.train.summary_iterator(plain):
                count += 1
                yield event
    except tf.errors.DataLossError as error:
        if not count and os.path.getsize(path) > 0:
            raise ValueError("%s is not an event file (%s)" % (path, cause(error)))
    except tf.errors.OpError as error:
        raise OSError("%s: %s" % (path, cause(error)))
