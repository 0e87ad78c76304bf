"""The numbers of a training run, read from its event files."""
import glob
import os

import numpy as np

from pwcnet.runtime.tensorflow import cause, tf


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
                points = {tag: [point for point in before if point[0] < event.step] for tag, before in points.items()}
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    points.setdefault(value.tag, []).append((event.step, value.simple_value))
    curves = {tag: (np.array([step for step, _ in each], np.int64), np.array([value for _, value in each])) for tag, each in points.items() if each}
    if not curves:
        raise ValueError("expected numbers in the event files of %s, got none; try again when the run has written some" % folder)
    return curves


def _event_files(folder):
    if not os.path.isdir(folder):
        raise FileNotFoundError("expected the folder of a training run, got %s, which is none; try the --save_path of the run" % folder)
    pattern = "*.tfevents.*"
    files = glob.glob(os.path.join(glob.escape(folder), pattern)) or glob.glob(os.path.join(glob.escape(folder), "*", pattern))
    folders = sorted({os.path.dirname(path) for path in files})
    if not folders:
        raise FileNotFoundError("expected event files (events.out.tfevents.*), got none in %s; try the --save_path of a run that writes them" % folder)
    if len(folders) > 1:
        raise ValueError("expected one run, got %d in %s; try %s" % (len(folders), folder, " ".join(folders)))
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
            raise ValueError("expected an event file, got %s (%s); try without this file" % (path, cause(error)))
    except tf.errors.OpError as error:
        raise OSError("%s: %s" % (path, cause(error)))
