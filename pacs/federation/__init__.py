"""Linked hospitals over the network: how sites are linked, and how our people prove at another site who they are."""
