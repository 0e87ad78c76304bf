"""Stand-ins for Ascend's programs."""

from tests.helpers.ascend_programs import programs, without_programs  # noqa: F401
