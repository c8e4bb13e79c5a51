"""`.env.example` is the settings' documentation: it must name all of them, and tell their true defaults."""

import pytest
from dotenv import dotenv_values

from app.core.config import Settings
from tests.process.processes import ROOT, SECRETS

EXAMPLE = ROOT / ".env.example"
# A frontend on its usual port is allowed in the example; by default, no other origin is.
DIFFERENT_ON_PURPOSE = {name.lower() for name in SECRETS} | {"cors_origins"}


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_it_names_every_setting_and_no_other() -> None:
    assert dotenv_values(EXAMPLE).keys() == {name.upper() for name in Settings.model_fields}


def test_it_tells_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    by_default = Settings(_env_file=None).model_dump(exclude=DIFFERENT_ON_PURPOSE)
    by_example = Settings(_env_file=EXAMPLE).model_dump(exclude=DIFFERENT_ON_PURPOSE)
    assert by_example == by_default


def test_every_setting_is_explained() -> None:
    """Each stands below a comment, or below another setting that shares it."""
    blocks = EXAMPLE.read_text(encoding="utf-8").split("\n\n")
    settings = [block for block in blocks if not block.startswith("# ---") and "=" in block]
    assert all(block.startswith("#") for block in settings)
