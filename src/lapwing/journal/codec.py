"""The codec: what a call says and hears, as bytes and back.

Owns nothing; it is where the forms of records, their encoder and decoder are found.
Must not know files, engines or where arrays are kept.
Test: pack a list of records, unpack it, compare.
"""

from lapwing.journal.decoder import TELLING, Decoder, FetchArray
from lapwing.journal.encoder import (
    LARGE,
    Encoder,
    KeepArray,
    keep_doubles,
    name_of_callable,
    status_record,
)
from lapwing.journal.forms import (
    ArrayRef,
    CallableRef,
    ErrorRef,
    Kind,
    ObjectRef,
    Opaque,
    Record,
    StatusRef,
)

__all__ = [
    "LARGE",
    "TELLING",
    "ArrayRef",
    "CallableRef",
    "Decoder",
    "Encoder",
    "ErrorRef",
    "FetchArray",
    "KeepArray",
    "Kind",
    "ObjectRef",
    "Opaque",
    "Record",
    "StatusRef",
    "keep_doubles",
    "name_of_callable",
    "status_record",
]
