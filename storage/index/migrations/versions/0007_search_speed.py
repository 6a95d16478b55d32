"""Indexes that answer a search alone, and one of all parts of the words of a study."""

import sqlalchemy as sa
import structlog
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None

_log = structlog.get_logger(__name__)

# On SQLite an index of SQLite's own over the column of the study; whoever makes the table study anew makes these anew.
_SQLITE = (
    "CREATE VIRTUAL TABLE study_text USING fts5(search_text, content='study', content_rowid='id', tokenize='trigram', "
    "columnsize=0)",
    "INSERT INTO study_text (study_text) VALUES ('rebuild')",
    "CREATE TRIGGER study_text_added AFTER INSERT ON study BEGIN "
    "INSERT INTO study_text (rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER study_text_removed AFTER DELETE ON study BEGIN "
    "INSERT INTO study_text (study_text, rowid, search_text) VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER study_text_changed AFTER UPDATE OF search_text ON study "
    "WHEN old.search_text <> new.search_text BEGIN "
    "INSERT INTO study_text (study_text, rowid, search_text) VALUES ('delete', old.id, old.search_text); "
    "INSERT INTO study_text (rowid, search_text) VALUES (new.id, new.search_text); END",
)
# On PostgreSQL a table of its own: each instance that arrives writes the row of its study anew, and with it all indexes
# of that table. This one is written when the text changes.
_POSTGRESQL = (
    "CREATE TABLE study_text (study_fk bigint PRIMARY KEY REFERENCES study (id) ON DELETE CASCADE, "
    "search_text text NOT NULL)",
    "INSERT INTO study_text SELECT id, search_text FROM study",
    "CREATE INDEX ix_study_text_search_text ON study_text USING gin (search_text gin_trgm_ops)",
    "CREATE FUNCTION study_text_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO study_text VALUES (NEW.id, NEW.search_text) "
    "ON CONFLICT (study_fk) DO UPDATE SET search_text = excluded.search_text; RETURN NULL; END $$",
    "CREATE TRIGGER study_text_follow AFTER INSERT OR UPDATE OF search_text ON study "
    "FOR EACH ROW EXECUTE FUNCTION study_text_follow()",
)

# The numbers of the words of a study as one array: where several common words meet, PostgreSQL finds them ten times as
# fast as by joining the rows of each. Four times the number of the word, and the field. Beside them is what a search
# for words is ordered and narrowed by, so that the newest studies are looked through in one index.
_GATHERED = (
    "SELECT study.id, study_date, study_time, facility_id, array_agg(word_fk * 4 + field) FROM study_word "
    "JOIN study ON study.id = study_fk"
)
_WORDS = (
    "CREATE TABLE study_words (id bigint PRIMARY KEY REFERENCES study ON DELETE CASCADE, study_date text NOT NULL, "
    "study_time text NOT NULL, facility_id bigint NOT NULL, words bigint[] NOT NULL)",
    f"INSERT INTO study_words {_GATHERED} GROUP BY study.id",
    "CREATE INDEX ix_study_words_words ON study_words USING gin (words)",
    "CREATE INDEX ix_study_words_newest ON study_words (study_date, study_time, id) INCLUDE (facility_id, words)",
    "ALTER TABLE study_words ALTER words SET STATISTICS 1000",
    "CREATE FUNCTION study_words_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
    f"INSERT INTO study_words {_GATHERED} WHERE study_fk IN (SELECT study_fk FROM added) GROUP BY study.id "
    "ON CONFLICT (id) DO UPDATE SET words = excluded.words; RETURN NULL; END $$",
    "CREATE TRIGGER study_words_follow AFTER INSERT ON study_word REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION study_words_follow()",
    "CREATE FUNCTION study_words_forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
    "DELETE FROM study_words WHERE id IN (SELECT study_fk FROM removed); "
    f"INSERT INTO study_words {_GATHERED} WHERE study_fk IN (SELECT study_fk FROM removed) GROUP BY study.id; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER study_words_forget AFTER DELETE ON study_word REFERENCING OLD TABLE AS removed "
    "FOR EACH STATEMENT EXECUTE FUNCTION study_words_forget()",
    "CREATE FUNCTION study_words_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "UPDATE study_words SET study_date = NEW.study_date, study_time = NEW.study_time, facility_id = NEW.facility_id "
    "WHERE id = NEW.id; RETURN NULL; END $$",
    "CREATE TRIGGER study_words_move AFTER UPDATE OF study_date, study_time, facility_id ON study FOR EACH ROW "
    "WHEN ((OLD.study_date, OLD.study_time, OLD.facility_id) IS DISTINCT FROM "
    "(NEW.study_date, NEW.study_time, NEW.facility_id)) EXECUTE FUNCTION study_words_move()",
)


def upgrade() -> None:
    """Make the indexes; that of words is left out where the database cannot have it, and searches do without."""
    op.drop_index(op.f("ix_study_study_date_study_time"), table_name="study")
    op.drop_index(op.f("ix_study_search_patient_name"), table_name="study")
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text('ALTER TABLE study ALTER search_patient_name TYPE text COLLATE "C"'))
        # A name that one in a thousand bears must not be taken for one that nobody bears.
        connection.execute(sa.text("ALTER TABLE study ALTER search_patient_name SET STATISTICS 1000"))
    op.create_index(
        "ix_study_newest",
        "study",
        ["study_date", "study_time", "id", "facility_id", "modalities_in_study", "search_patient_name"],
    )
    op.create_index(
        "ix_study_named",
        "study",
        ["search_patient_name", "study_date", "study_time", "id", "facility_id"],
    )
    op.create_index(
        "ix_study_modalities",
        "study",
        ["modalities_in_study", "study_date", "study_time", "id", "facility_id"],
    )
    op.create_index(op.f("ix_study_patient_birth_date"), "study", ["patient_birth_date"])
    if connection.dialect.name == "postgresql":
        for statement in _WORDS:
            connection.execute(sa.text(statement))
    try:
        with connection.begin_nested():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
                connection.execute(sa.text(statement))
    except DBAPIError as error:
        _log.warning(
            "no index of words: searches for parts of words will be slow",
            remedy="let an administrator of the database CREATE EXTENSION pg_trgm; see docs/how-to/sizing.md",
            reason=str(error.orig).splitlines()[0],
        )
