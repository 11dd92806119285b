"""Calls in a process of their own: a crash, an endless one, and what one prints."""

from __future__ import annotations

import os
import time

import pytest

from stemsilver.delivery.isolation import isolated
from stemsilver.errors import UsageError


def test_a_crash_costs_itself_and_is_mute(capfd: pytest.CaptureFixture[str]) -> None:
    with isolated(5) as call:
        assert call(len, "four") == 4
        assert call(os.system, "echo taken over; echo taken over >&2") == 0
        with pytest.raises(UsageError, match="ValueError") as refusal:
            call(int, "taken over")
        assert "taken over" not in refusal.value.message
        with pytest.raises(UsageError, match="exit code 3"):
            call(os._exit, 3)
        with pytest.raises(UsageError, match="TimeoutError"):
            call(time.sleep, 600)
        assert call(len, "four") == 4
    assert "taken over" not in "".join(capfd.readouterr())
