"""What a training run from the command line says at its end."""

import logging
from unittest import mock

import pytest

from pwcnet.cli import training_run
from pwcnet.training import trainer


@pytest.mark.parametrize("count", [0, 2])
def test_the_number_of_skipped_samples_is_a_warning_at_the_end(count, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(trainer, "train", lambda *_: "run/pwcnet.ckpt-4")
    skipped = {"pair_%d" % number: ValueError("broken") for number in range(count)}
    job = mock.Mock(metadata={}, data=mock.Mock(skipped=skipped))
    training_run._train(job, training_run.Places("run"), mock.Mock(), mock.Mock(), ["train"])
    *warnings, last = caplog.records
    assert last.getMessage() == "done: run/pwcnet.ckpt-4"
    assert [record.getMessage()[:10] for record in warnings] == ["%d samples " % count][:count]
    assert all(record.levelno == logging.WARNING for record in warnings)
