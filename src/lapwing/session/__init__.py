"""The session: puts engine, files, tables and metadata together for a user.

Owns the blocking RunEngine, the metadata store and the default consumers.
Must not know servers or queues.
Test: make a session in a temporary directory and run a plan on soft devices.

``lapwing.session()`` makes a session, although ``lapwing.session`` is this package:
importing a package puts it there as an attribute, whatever stood there before, so
the package itself can be called.
"""

import sys
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from lapwing.session.session import session

        return session(*args, **kwargs)


sys.modules[__name__].__class__ = _Package
