"""pynetdicom's upper layer with a fast lane for C-STORE data (PS3.8).

pynetdicom owns negotiation, the state machine and every other message. Its generic data path decodes, copies and polls;
here P-DATA is read into one buffer, C-STORE data goes straight to its receiver, and threads wait instead of polling.
"""

import logging

from pydicom import config
from pynetdicom import _config

# Identifiers and messages hold patient data, and pynetdicom's own handlers log them: we log what matters ourselves.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
# pydicom's warnings quote the value they do not like.
config.settings.reading_validation_mode = config.IGNORE

MAXIMUM_PDU_SIZE = 128 * 1024
