"""The session of a training run: what it says of the checkpoints that it keeps."""

import logging
from unittest import mock

from pwcnet.training.session import TrainingSession


def test_the_best_so_far_is_the_best_alone(caplog):
    """A run that keeps several says which of them a checkpoint is."""
    caplog.set_level(logging.INFO)
    session = mock.Mock()
    session.run_folder.save_best.return_value = "best/pwcnet.ckpt"
    session.run_folder.validation_scores.return_value = {10: 2.0, 20: 2.5}
    TrainingSession.save_best(session, 10, 2.0)
    TrainingSession.save_best(session, 20, 2.5)
    first, second = caplog.messages
    assert first.endswith(", the best so far") and second.endswith(", number 2 of the best so far")
    session.run_folder.save_best.return_value = None  # not kept
    TrainingSession.save_best(session, 30, 3.0)
    assert len(caplog.messages) == 2
