"""The pairs that an evaluation has done so far, so that it continues where it was stopped: a line of settings, then a line a pair."""
import json
import os

import numpy as np

from pwcnet.io.atomic import naming, write_text
from pwcnet.evaluation.histograms import Histograms
from pwcnet.evaluation.scoring import Result
from pwcnet.flow.metrics import Mean


class Journal:
    """A file that grows by a line for each `add`; it appears with the first one, and begins with the settings.

    results: {id: Result without flow}, those that were in the file. A last line that was cut off is left out.
    kept: {id: the kinds of files that were written for it}; none where a line does not say.
    Raises ValueError, which names the file, where it has other settings or is no journal; OSError where it cannot be read.
    """

    def __init__(self, path, settings):
        self._path, self._stream, self.kept = path, None, {}
        self._settings = json.loads(json.dumps(settings))           # as a file gives them back
        self._lines = self._whole_lines() if os.path.lexists(path) else []
        self.results = {result.id: result for result in map(self._parsed, self._lines)}

    def add(self, result, kept=()):
        """Notes a pair, with the kinds of files that were written for it; a program that is killed later finds it again."""
        with naming(self._path):
            if self._stream is None:
                write_text(self._path, "".join(line + "\n" for line in [json.dumps({"settings": self._settings})] + self._lines))
                self._stream = open(self._path, "a", encoding="utf-8")
            self._stream.write(_line(result, kept) + "\n")
            self._stream.flush()

    def close(self):
        """Makes what was noted last through a loss of power."""
        if self._stream is not None:
            with naming(self._path):
                os.fsync(self._stream.fileno())
                self._stream.close()
            self._stream = None

    def _whole_lines(self):
        with open(self._path, encoding="utf-8", errors="replace") as stream:
            lines = stream.read().split("\n")[:-1]
        begun = self._json(lines[0] if lines else "").get("settings")
        if not isinstance(begun, dict):
            raise self._broken()
        other = sorted(key for key in set(begun) | set(self._settings) if begun.get(key) != self._settings.get(key))
        if other:
            raise ValueError("expected the settings of the evaluation begun in %s, got another %s; try --overwrite, which starts anew, or another --output" % (
                self._path, ", ".join("%s (%s there, %s now)" % (key, json.dumps(begun.get(key)), json.dumps(self._settings.get(key))) for key in other)))
        return lines[1:]

    def _parsed(self, line):
        stored = self._json(line)
        try:
            self.kept[stored["id"]] = frozenset(stored.get("kept", ()))
            return Result(stored["id"], {name: Mean(*mean) for name, mean in stored["scores"].items()}, None, stored["seconds"], stored["first"],
                          Histograms(*(np.array(values, np.float64) for values in stored["histograms"])))
        except (KeyError, TypeError, AttributeError):
            raise self._broken() from None

    def _json(self, line):
        try:
            content = json.loads(line)
        except ValueError:
            raise self._broken() from None
        if not isinstance(content, dict):
            raise self._broken()
        return content

    def _broken(self):
        return ValueError("expected the journal of an evaluation, got something else in %s; try --overwrite, which starts anew" % self._path)


def _line(result, kept):
    return json.dumps({"id": result.id, "kept": list(kept), "scores": result.scores, "seconds": result.seconds, "first": result.first,
                       "histograms": [values.tolist() for values in result.histograms]})
