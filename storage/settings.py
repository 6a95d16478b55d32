"""Settings of the archive itself, read from ``FILMLESS_…`` by :mod:`pacs.settings`."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator

# The law's least for logs of access to health records (Viet Nam).
LEAST_AUDIT_YEARS = 5


class StorageSettings(BaseModel):
    """Where the archive keeps its bytes and its index; sizes in bytes, times in seconds."""

    data_dir: Path = Field(Path("data"), description="Folder of everything this node keeps: spool, index and objects.")
    database_url: str = Field(
        "",
        validation_alias=AliasChoices("database_url", "FILMLESS_DATABASE_URL", "DATABASE_URL"),
        description="SQLAlchemy address of the index; empty: SQLite in the data folder. "
        "PostgreSQL: postgresql+psycopg://user:password@host/name.",
    )
    object_store: str = Field(
        "",
        validation_alias=AliasChoices("object_store", "FILMLESS_OBJECT_STORE", "OBJECT_STORE"),
        description="s3://bucket/prefix, or a folder; empty: the folder objects in the data folder.",
    )
    s3_endpoint: str = Field("", description="Address of the S3 server; empty: AWS.")
    s3_region: str = Field("us-east-1", description="Region name that requests are signed for.")
    s3_access_key: str = Field("", description="Access key of the S3 account.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the S3 account.")
    sealing_key: SecretStr = Field(
        SecretStr(""),
        description="Key that seals the secrets of peers in the index, 32 bytes in base64; empty: one made at first "
        "use, in the data folder. Machines that share a database need the same.",
    )
    site_key: Path | None = Field(
        None,
        description="Private key with which this site proves to linked sites who it is; nodes of one site share it. "
        "Empty: site.key in the data folder, made at the first start.",
    )
    facility: str = Field("LOCAL", description="Code of the facility that owns what arrives without another rule.")
    minimum_free_bytes: int = Field(
        512 * 1024 * 1024, description="Receiving is refused (out of resources) below this much free disk."
    )
    maximum_instance_bytes: int = Field(8 * 1024**3, description="Largest instance taken.")
    maximum_quarantine_bytes: int = Field(
        10 * 1024**3,
        description="What is put aside on one node because its UID is kept with other content; beyond it such "
        "instances are refused (out of resources).",
    )
    maximum_cache_bytes: int = Field(
        100 * 1024**3,
        description="With S3: most disk that recently used instances may take here; less where it fills up.",
    )
    maximum_cache_days: int = Field(
        90, description="With S3: an instance unused for so many days is read from S3 again."
    )
    deletion: Literal["deny", "administrators"] = Field(
        "deny", description="Who may delete studies, series and instances: nobody, or administrators."
    )
    deletion_grace_days: float = Field(
        30, ge=0, le=3650, description="Days for which a deletion can be undone; the bytes are erased after it."
    )
    maximum_derived_bytes: int = Field(
        10 * 1024**3,
        description="Most disk that frames compressed for viewers may take here; 0 keeps none. They can be made again.",
    )
    audit_years: int = Field(
        0,
        ge=0,
        description="The audit trail is kept for so many years, at least 5; 0: for ever.",
    )
    unknown_sop_classes: Literal["accept", "refuse"] = Field(
        "accept", description="Whether SOP classes outside the standard's storage classes are kept."
    )
    maximum_decoded_samples: int = Field(
        2**29, description="Largest frame that is ever decoded, in samples (rows x columns x samples per pixel)."
    )

    @field_validator("audit_years")
    @classmethod
    def _keep_long_enough(cls, years: int) -> int:
        if 0 < years < LEAST_AUDIT_YEARS:
            raise ValueError(f"audit_years must be 0 (for ever) or at least {LEAST_AUDIT_YEARS}")
        return years

    @property
    def index_url(self) -> str:
        """The SQLAlchemy address really used."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'filmless.db').absolute()}"

    @property
    def object_store_url(self) -> str:
        """``s3://bucket/prefix`` or an absolute folder."""
        return self.object_store or str((self.data_dir / "objects").absolute())
