"""Contact sheets of pairs."""

import numpy as np
import pytest

from pwcnet.data.contact_sheet import CELL, GAP, LINE, Row, common_scale, contact_sheet
from pwcnet.data.sample import LoadedSample


def row(speed=10.0, size=(60, CELL), ground_truth=True, occlusion=False, title="set  a/b"):
    frame = np.full(size + (3,), (200, 30, 10), np.uint8)
    flow, valid = np.zeros(size + (2,), np.float32), np.zeros(size, bool)
    flow[..., 0], valid[:, : CELL // 2] = speed, True
    return Row(
        title,
        LoadedSample(
            frame,
            frame,
            flow if ground_truth else None,
            valid if ground_truth else None,
            ~valid if occlusion else None,
        ),
    )


def cells(sheet, height=60):
    """The images of the last row."""
    return [
        sheet[-height - GAP : -GAP, left : left + CELL]
        for left in range(GAP, sheet.shape[1] - GAP, CELL + GAP)
    ]


def test_a_row_shows_the_pair():
    frame1, frame2, flow, valid = cells(contact_sheet([row()]))
    assert np.all(frame1 == (200, 30, 10)) and np.array_equal(frame1, frame2)
    assert (
        np.array_equal(valid[..., 0] == 255, row().loaded.valid) and not flow[:, CELL // 2 :].any()
    )
    assert flow[0, 0, 0] == 255 and flow[0, 0, 2] < 20  # to the right is red


def test_one_scale_for_all_rows():
    slow, fast = row(speed=1.0), row(speed=100.0)
    assert (
        common_scale([slow]) == 1
        and common_scale([fast]) == 100
        and common_scale([slow, fast]) == 10
        and common_scale([row(speed=3.0)]) == 5
    )
    assert common_scale([row(ground_truth=False)]) == common_scale([row(speed=0.0)]) * 10 == 1
    pale, full = (cells(contact_sheet([slow], scale))[2][0, 0] for scale in (100.0, 1.0))
    assert pale[2] > 200 and full[2] < 20


def test_masks_and_what_is_absent():
    without, with_mask = contact_sheet([row()]), contact_sheet([row(), row(occlusion=True)])
    assert (
        len(cells(without)) == 4
        and len(cells(with_mask)) == 5
        and np.array_equal(cells(with_mask)[4][..., 0] == 255, ~row().loaded.valid)
    )
    assert (
        len(np.unique(cells(contact_sheet([row(ground_truth=False)]))[2])) > 2
    )  # grey, with "no ground truth" on it


def test_rows_of_different_sizes_and_long_names():
    sheet = contact_sheet(
        [
            row(),
            row(size=(75, 1250), title="kitti  " + "x" * 500),
            row(size=(30, 40), title="\u00fcber"),
        ]
    )
    assert sheet.dtype == np.uint8 and sheet.shape[1] == 4 * (CELL + GAP) + GAP
    assert sheet.shape[0] == contact_sheet([row()]).shape[0] + 2 * (LINE + GAP) + 19 + 240
    assert (
        not np.array_equal(sheet[:, -GAP:], sheet[:, :GAP]) or np.ptp(sheet[:, -GAP:]) == 0
    )  # no text in the margin


def test_sparse_ground_truth_keeps_its_colour():
    dense, sparse = row(size=(120, 2 * CELL)), row(size=(120, 2 * CELL))
    dense.loaded.valid[:] = True
    sparse.loaded.valid[:], sparse.loaded.valid[:, ::2] = False, True
    colors, valid = cells(contact_sheet([sparse], 10.0))[2:4]
    assert np.array_equal(colors, cells(contact_sheet([dense], 10.0))[2]) and np.all(
        abs(valid.astype(int) - 127) <= 1
    )


def test_no_rows():
    with pytest.raises(ValueError, match="at least one pair"):
        contact_sheet([])
