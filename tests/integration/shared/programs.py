"""Programs that tests run and that are none of ours."""

import os
import shutil

import pytest


def program_of(name: str) -> str:
    """Return the path of a program, or skip the test where it is not installed; under CI that fails."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
    if path is not None:
        return path
    reason = f"{name} is not installed"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
