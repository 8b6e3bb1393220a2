"""Appends records to the audit of a data folder that no server uses: a chain of any length in seconds.

Usage: audit_rows.py DATABASE COUNT
"""

import hashlib
import json
import os
import sqlite3
import sys

EVENTS = ("secret.read", "secret.updated", "token.issued", "secret.listed")
INSERT = "INSERT INTO audit (seq, created_at, event_type, actor_id, path, outcome, ip, leaf, link, salt, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def time_text(millis):
    from datetime import datetime, timezone

    return datetime.fromtimestamp(millis // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{millis % 1000:03}Z"


def rows(seq, millis, link, count):
    for number in range(count):
        seq += 1
        # All at the time of the record before: time follows seq, and nothing lies ahead of the clock.
        now = millis
        event = EVENTS[number % len(EVENTS)]
        actor, path, ip = f"agt_{number % 500:032x}", f"team-{number % 100}/app/KEY{number % 1000}", f"10.0.{number % 200}.1"
        outcome = "deny" if number % 50 == 0 else "allow"
        record = json.dumps(
            {
                "actor": {"id": actor, "type": "agent"},
                "details": {"version": 1},
                "event_type": event,
                "id": f"evt_{seq:032x}",
                "ip": ip,
                "outcome": outcome,
                "path": path,
                "reasons": ["scope_missing"] if outcome == "deny" else [],
                "request_id": f"req_{seq:032x}",
                "resource_id": None,
                "resource_type": event.split(".")[0],
                "seq": seq,
                "time": time_text(now),
            },
            sort_keys=True,
            separators=(",", ":"),
        ).encode()
        salt = os.urandom(16)
        leaf = hashlib.sha256(b"warded/leaf/v1" + salt + record).digest()
        link = hashlib.sha256(b"warded/link/v1" + link + seq.to_bytes(8, "big") + leaf).digest()
        yield seq, now, event, actor, path, outcome, ip, leaf, link, salt, record


def main(database, count):
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA cache_size = -262144")
    head = connection.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()[0]
    seq, millis, link = int.from_bytes(head[:8], "big"), int.from_bytes(head[8:16], "big"), head[16:]
    connection.execute("BEGIN")
    connection.executemany(INSERT, rows(seq, millis, link, count))
    seq, millis, link = connection.execute("SELECT seq, created_at, link FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    head = seq.to_bytes(8, "big") + millis.to_bytes(8, "big") + link
    connection.execute("UPDATE meta SET value = ? WHERE key = 'audit_head'", (head,))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


main(sys.argv[1], int(sys.argv[2]))
