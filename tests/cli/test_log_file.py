"""The log of a training run as a file."""

import errno
import logging

import pytest

from pwcnet.cli.log_file import log_file
from tests.helpers.full_disks import FailingDisk


def test_the_log_holds_every_name(tmp_path):
    path = tmp_path / "train.log"
    with log_file(str(path)):
        logging.getLogger("pwcnet").warning("saved %s", "run_\u00fc_\udcff")
    assert path.read_text(encoding="utf-8").endswith("saved run_\u00fc_\\udcff\n")


def test_a_log_that_does_not_fit_is_an_error_once(tmp_path, capsys):
    path = tmp_path / "train.log"
    log = logging.getLogger("a run")
    path.write_text("")
    with FailingDisk(tmp_path, 1, errno.ENOSPC), log_file(str(path)):
        with pytest.raises(OSError) as caught:
            log.error("first")
        log.error("second")
    assert caught.value.filename == str(path) and caught.value.errno == errno.ENOSPC
    assert "Traceback" not in capsys.readouterr().err
