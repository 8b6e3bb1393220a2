// Certificates as a company has them: an authority of its own, and what that says of servers. Made anew in each run, trusted by nobody else.

import { KeyObject, webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import "reflect-metadata";
import * as x509 from "@peculiar/x509";

import { folder } from "./harness.mjs";

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
const fromNow = (days) => new Date(Date.now() + days * DAY);
const serialNumber = () => Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).fill(1, 0, 1).toString("hex");
const makeKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
const pem = (key) => KeyObject.from(key).export({ type: "pkcs8", format: "pem" });

/** For whom a certificate is: names of this machine, since a test needs no other. */
const alternatives = (names) => [
  new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: /^[\d.]+$/.test(value) ? "ip" : "dns", value }))),
];

/** An authority: `file` is what `SSL_CERT_FILE` names to trust it and nobody else. */
export class Authority {
  static async make(name = "Authority of a test") {
    const keys = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: `CN=${name}`,
      notBefore: fromNow(-30),
      notAfter: fromNow(30),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new Authority(keys, certificate);
  }

  constructor(keys, certificate) {
    Object.assign(this, { keys, certificate });
    this.file = join(folder(), "authority.pem");
    writeFileSync(this.file, certificate.toString("pem"));
  }

  /** A server's certificate and key, as `node:https` takes them. Days are counted from now. */
  async issue({ names = ["localhost", "127.0.0.1"], from = -1, until = 1 } = {}) {
    const keys = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: "CN=Server of a test",
      issuer: this.certificate.subject,
      notBefore: fromNow(from),
      notAfter: fromNow(until),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      extensions: alternatives(names),
    });
    return { cert: certificate.toString("pem"), key: pem(keys.privateKey) };
  }
}

/** A certificate and key for which no authority speaks. */
export async function selfSigned() {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=localhost",
    notBefore: fromNow(-1),
    notAfter: fromNow(1),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: alternatives(["localhost", "127.0.0.1"]),
  });
  return { cert: certificate.toString("pem"), key: pem(keys.privateKey) };
}

/** Who must not be believed, for any reason: `[what, certificate and key]`. `authority` is trusted, and nobody else. */
export async function impostors(authority) {
  return [
    ["an authority that nobody trusts", await (await Authority.make("Somebody else")).issue()],
    ["an authority that only says that it is the trusted one", await (await Authority.make()).issue()],
    ["a certificate that signs itself", await selfSigned()],
    ["a certificate for another name", await authority.issue({ names: ["warded.example.com", "192.0.2.1"] })],
    ["a certificate that has ended", await authority.issue({ from: -2, until: -1 })],
    ["a certificate that has not begun", await authority.issue({ from: 1, until: 2 })],
  ];
}
