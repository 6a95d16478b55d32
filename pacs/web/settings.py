"""Settings of the web process, read from ``FILMLESS_…`` by :mod:`pacs.settings`."""

from pathlib import Path

from pydantic import BaseModel, Field, field_validator

_CHECKOUT = Path(__file__).resolve().parents[2]


class WebSettings(BaseModel):
    """Where the web listens and what it allows; sizes in bytes, times in the unit of the name."""

    http_host: str = Field("127.0.0.1", description="Address the web listens on.")
    http_port: int = Field(8080, ge=0, le=65535, description="Port of the viewer, its API and DICOMweb.")
    web_processes: int = Field(1, ge=1, le=64, description="Web processes that share the port.")
    web_threads: int = Field(16, ge=2, le=256, description="Threads of a web process for disk, database and pixels.")
    public_url: str = Field(
        "",
        description="Address under which browsers reach this server, e.g. https://pacs.example.vn; empty: as asked.",
    )
    tls_certificate: Path | None = Field(
        None, description="PEM certificate chain; with it the web speaks HTTPS itself."
    )
    tls_key: Path | None = Field(None, description="PEM private key of the certificate.")
    trusted_proxies: str = Field(
        "", description="Comma-separated addresses of reverse proxies whose X-Forwarded-For and -Proto are believed."
    )
    session_hours: float = Field(12, gt=0, le=24 * 30, description="Hours a sign-in lasts.")
    viewer_dir: Path = Field(_CHECKOUT / "viewer" / "dist", description="Folder of the built viewer.")
    maximum_request_bytes: int = Field(
        16 * 1024**3, ge=1024**2, description="Largest body of one store request (STOW-RS); more is answered 413."
    )
    request_timeout: float = Field(
        60.0, gt=0, description="Longest wait, in seconds, for the next bytes of a store request (STOW-RS)."
    )
    maximum_qido_results: int = Field(
        1000, ge=1, le=100_000, description="Most matches one QIDO-RS answer holds; more are announced with a Warning."
    )

    maximum_network_results: int = Field(
        500, ge=1, le=10_000, description="Most matches taken of each archive when the whole network is searched."
    )
    network_timeout: float = Field(
        10.0, gt=0, le=60, description="Seconds after which a search of the whole network ends without who is slow."
    )

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        """Keep scheme and host, as every address made of it is absolute from the root."""
        value = value.strip().rstrip("/")
        if value and (not value.startswith(("http://", "https://")) or any(c in value for c in " \r\n\"'<>?#")):
            raise ValueError("public_url must look like https://host or https://host:port")
        return value

    @property
    def https(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies are marked Secure."""
        return self.public_url.startswith("https://") or self.tls_certificate is not None

    @property
    def proxies(self) -> frozenset[str]:
        """The addresses of trusted reverse proxies."""
        return frozenset(part.strip() for part in self.trusted_proxies.split(",") if part.strip())
