"""The table of printed films: from the print until what became of them is settled, and after that what that was."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from storage.index.schema import Key, UTCDateTime, metadata

__all__ = ["film", "metadata"]

film = Table(
    "film",
    metadata,
    Column("id", Key, primary_key=True),
    Column("film_uid", String(64), nullable=False, unique=True),
    # 'new': just printed; 'tray': nobody knows whose it is; 'filing': on its way into a study; then it is settled
    Column("state", String(10), nullable=False, server_default="new"),
    Column("facility_id", ForeignKey("facility.id"), nullable=False),
    Column("ae_title", String(16), nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Column("printed_at", UTCDateTime, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("texts", Text, nullable=False, server_default=""),  # label and annotations, one a line
    Column("proposal", Text, nullable=False, server_default=""),  # JSON: whose it is, as the machine says
    Column("display_format", Text, nullable=False, server_default=""),
    Column("size_id", String(16), nullable=False, server_default=""),
    Column("number_of_images", Integer, nullable=False),
    # Where its file is: on the disk of a node until it is settled or in the object store; 'none': it is erased.
    Column("location", String(8), nullable=False, server_default="spool"),
    Column("node", String(16), nullable=False),
    Column("host", Text, nullable=False, server_default=""),
    Column("file_name", Text, nullable=False),
    Column("object_key", Text, nullable=False, server_default=""),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("reason", String(24), nullable=False, server_default=""),  # why it is in the tray, or how it was matched
    Column("study_instance_uid", String(64), nullable=False, server_default=""),
    Column("target", Text, nullable=False, server_default=""),  # JSON: attributes of the study it is filed in
    Column("filed_by_kind", String(16), nullable=False, server_default=""),
    Column("filed_by", Text, nullable=False, server_default=""),
    Column("settled_at", UTCDateTime),
    Column("note", Text, nullable=False, server_default=""),
    Column("claimed_until", UTCDateTime),  # somebody works on it until then
    CheckConstraint("state IN ('new', 'tray', 'filing', 'filed', 'discarded')", name="state"),
    CheckConstraint("location IN ('spool', 'object', 'none')", name="location"),
    Index(None, "state", "id"),
    Index(None, "settled_at"),
    Index(None, "location", "state"),
)
