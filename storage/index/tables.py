"""All tables of the index, whichever module declares them: what migrations make."""

from storage.index import network_schema, order_schema, routing_schema, schema, work_schema

__all__ = ["metadata", "network_schema", "order_schema", "routing_schema", "schema", "work_schema"]

metadata = schema.metadata
