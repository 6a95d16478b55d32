"""Settings of the DICOM nodes, read from ``FILMLESS_…`` by :mod:`pacs.settings`."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

# PS3.5 §6.2, AE: up to 16 characters of the default repertoire, no backslash, not only spaces.
AETitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16, pattern=r"^[ -\[\]-~]+$")
]


class NodeSettings(BaseModel):
    """How this node appears on the DICOM network; times in seconds, sizes in bytes."""

    aet: AETitle = Field("FILMLESS", description="AE title of this node: what modalities call, and our own name.")
    dicom_host: str = Field(
        "127.0.0.1", description="Address the DICOM node listens on; 0.0.0.0 to be reached from other machines."
    )
    dicom_port: int = Field(11112, ge=0, le=65535, description="TCP port the DICOM node listens on.")
    dicom_tls_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="TCP port on which the DICOM node speaks TLS alone, usually 2762; 0: none. With certificates in "
        "place it takes TLS on the other port too.",
    )
    dicom_tls_dir: Path | None = Field(
        None,
        description="Folder of authority.crt, node.crt and node.key, which `pacs tls` makes; tls in the data folder.",
    )
    require_client_certificate: bool = Field(
        True, description="Whether a machine that calls with TLS must show a certificate of our authority."
    )
    require_tls: bool = Field(
        False, description="Whether every machine but this one must call with TLS; else as its AE is registered."
    )
    dicom_processes: int = Field(
        0, ge=0, le=64, description="DICOM processes that share the port; 0: one a processor, at most four."
    )
    trust_loopback: bool = Field(
        True, description="Whether any calling AE is accepted from this machine itself without being registered."
    )
    require_called_aet: bool = Field(
        True, description="Whether a sender must address this node by its AE title; otherwise any title is taken."
    )
    maximum_associations: int = Field(
        64, ge=1, le=1000, description="Associations served at once by each DICOM process; more are refused politely."
    )
    association_timeout: float = Field(
        30.0, gt=0, description="Longest wait for a peer's association request, acceptance, release or whole PDU."
    )
    idle_timeout: float = Field(
        300.0, gt=0, description="An association on which nothing happens for this long is aborted."
    )
    dimse_timeout: float = Field(
        60.0, gt=0, description="Longest wait for a peer's answer when this node sends, and between parts of a message."
    )
    move_associations: int = Field(
        3, ge=1, le=16, description="Associations a C-MOVE, or a forwarding, opens to one destination at once."
    )
    maximum_query_results: int = Field(
        10_000, ge=1, description="C-FIND answers at most this many matches; a broader query is told to narrow it."
    )

    @property
    def number_of_dicom_processes(self) -> int:
        """How many DICOM processes are wanted on this machine."""
        return self.dicom_processes or min(len(os.sched_getaffinity(0)), 4)
