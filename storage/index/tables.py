"""All tables of the index, whichever module declares them: what migrations make."""

from storage.index import (
    audit_chain_schema,
    film_schema,
    import_schema,
    network_schema,
    opening_schema,
    order_schema,
    peer_schema,
    preference_schema,
    routing_schema,
    schema,
    searchable_schema,
    trust_schema,
    work_schema,
)

__all__ = [
    "audit_chain_schema",
    "film_schema",
    "import_schema",
    "metadata",
    "network_schema",
    "opening_schema",
    "order_schema",
    "peer_schema",
    "preference_schema",
    "routing_schema",
    "schema",
    "searchable_schema",
    "trust_schema",
    "work_schema",
]

metadata = schema.metadata
