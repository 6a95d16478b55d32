"""The one place where the environment is read: every setting of every package, prefixed ``FILMLESS_``.

``Settings`` is composed of each package's own model, so a setting is declared beside the code that uses it.
"""

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dicom_nodes.settings import NodeSettings
from pacs.web.settings import WebSettings
from storage.settings import StorageSettings

PREFIX = "FILMLESS_"


class ProcessSettings(BaseModel):
    """What every process of a node shares."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe events that are logged; info includes one line a request."
    )


class Settings(StorageSettings, NodeSettings, WebSettings, ProcessSettings, BaseSettings):
    """All settings of one node."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", populate_by_name=True)

    @model_validator(mode="after")
    def _place_certificates(self) -> Self:
        if self.dicom_tls_dir is None:
            self.dicom_tls_dir = self.data_dir / "tls"
        return self

    def environment(self) -> dict[str, str]:
        """Give the settings that differ from their defaults as environment variables, for child processes."""
        found: dict[str, str] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.default:
                continue
            found[PREFIX + name.upper()] = _as_text(value)
        return found


def _as_text(value: Any) -> str:
    reveal = getattr(value, "get_secret_value", None)
    return str(reveal() if reveal else value)
