"""The peers of the tests start and answer."""

import psycopg

from tests.peers.postgresql import PostgreSQL
from tests.peers.seaweedfs import SeaweedFS


def test_postgresql_answers(postgres: PostgreSQL) -> None:
    address = postgres.database().replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        row = connection.execute("SHOW server_encoding").fetchone()
    assert row == ("UTF8",)


def test_seaweedfs_keeps_an_object(seaweed: SeaweedFS) -> None:
    bucket = seaweed.bucket()
    seaweed.client().put_object(Bucket=bucket, Key="a", Body=b"x")
    assert seaweed.client().get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
