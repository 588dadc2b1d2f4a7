"""Counts a license's seconds anew from what lies in S3, knowing nothing of our code: `python recount.py < request.json`.

Reads the links of one chain, the receipts they rest on and the files that were delivered; prints totals and every
contradiction it finds as one JSON object. Only the standard library, an S3 client, and the formats as they are documented.
"""

from __future__ import annotations

import hashlib
import json
import sys
from fractions import Fraction

import urllib3
from minio import Minio


def store(given: dict) -> Minio:
    http = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=given["ca_file"])
    return Minio(given["endpoint"], given["access_key"], given["secret_key"], secure=True, http_client=http)


def read(client: Minio, bucket: str, prefix: str) -> dict[str, bytes]:
    found = {}
    for one in client.list_objects(bucket, prefix=prefix, recursive=True):
        response = client.get_object(bucket, one.object_name)
        found[one.object_name] = response.read()
        response.close()
        response.release_conn()
    return found


def recount(client: Minio, given: dict) -> dict:
    wrong: list[str] = []
    quota = Fraction(given["quota_seconds"])
    links = read(client, given["ledger"], f"licenses/{given['account']}/")
    names = sorted(links)
    if names != [f"licenses/{given['account']}/{number:08d}.json" for number in range(len(names))]:
        wrong.append("the chain has a gap")
    before, promised, made, items, counted = "0" * 64, {}, Fraction(0), {}, set()
    promised_items = {}
    for name in names:
        link = json.loads(links[name])
        if link["previous"] != before:
            wrong.append(f"{name}: does not follow")
        before = hashlib.sha256(links[name]).hexdigest()
        for entry in link["entries"]:
            uid = entry.get("uid")
            if entry["kind"] == "Reserved":
                used = promised.get(uid, (0, Fraction(0)))[1]
                promised[uid] = (Fraction(entry["reserved_micros"], 10**6), used)
                promised_items[uid] = (entry["items"], promised_items.get(uid, (0, 0))[1])
            elif entry["kind"] == "Committed":
                seconds = Fraction(entry["micros"], 10**6)
                if uid not in promised:
                    wrong.append(f"{name}: {entry['item'][:8]} counts without a claim")
                    continue
                reserved, used = promised[uid]
                promised[uid] = (reserved, used + seconds)
                promised_items[uid] = (promised_items[uid][0], promised_items[uid][1] + 1)
                if used + seconds > reserved:
                    wrong.append(f"{name}: {entry['item'][:8]} counts beyond its claim")
                if entry["item"] in items:
                    wrong.append(f"{name}: {entry['item'][:8]} counts twice")
                items[entry["item"]] = (uid, entry["segment"], seconds)
                made += seconds
            elif entry["kind"] == "Counted":
                if (uid, entry["segment"]) in counted:
                    wrong.append(f"{name}: segment {entry['segment']} of {uid} counts twice")
                counted.add((uid, entry["segment"]))
            elif entry["kind"] == "Released":
                promised.pop(uid, None)
                promised_items.pop(uid, None)
        open_seconds = sum((reserved - used for reserved, used in promised.values()), Fraction(0))
        if made + open_seconds > quota:
            wrong.append(f"{name}: {float(made + open_seconds)} s made or promised of {float(quota)} s")
        open_items = sum(given_items - finished for given_items, finished in promised_items.values())
        if len(items) + open_items > given["quota_items"]:
            wrong.append(f"{name}: {len(items) + open_items} items made or promised of {given['quota_items']}")
        balance = link["balance"]
        if Fraction(balance["used_micros"], 10**6) != made or set(balance["claims"]) != set(promised):
            wrong.append(f"{name}: its balance says something else")
    in_logs = Fraction(0)
    for uid in sorted({uid for uid, _, _ in items.values()} | set(given["uids"])):
        for key, data in read(client, given["receipts"], f"{uid}/0").items():
            segment = json.loads(data)
            for receipt in segment["receipts"]:
                in_logs += Fraction(str(receipt["metered_seconds"]))
                at = items.get(receipt["item"])
                if at is not None and at != (uid, segment["sequence"], Fraction(str(receipt["metered_seconds"]))):
                    wrong.append(f"{key}: {receipt['item'][:8]} counts as something else")
    delivered = [
        data.decode()
        for prefix in given["delivered"]
        for key, data in read(client, given["outputs"], prefix).items()
        if key.endswith(".mp4")
    ]
    wrong += [f"{item[:8]} was delivered and does not count" for item in delivered if item not in items]
    wrong += [f"{item[:8]} was delivered twice" for item in set(delivered) if delivered.count(item) > 1]
    return {
        "links": len(names),
        "items": sorted(item for item, (uid, _, _) in items.items() if uid in given["uids"]),
        "seconds": float(made),
        "seconds_in_logs": float(in_logs),
        "delivered": sorted(delivered),
        "open_claims": len(promised),
        "wrong": wrong,
    }


if __name__ == "__main__":
    request = json.load(sys.stdin)
    sys.stdout.write(json.dumps(recount(store(request["s3"]), request)))
