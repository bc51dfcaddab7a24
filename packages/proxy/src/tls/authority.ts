import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { ipv6Bytes } from '../socket/ipv6-bytes.ts'

/** The DER encodings (X.690) that a certificate needs. */

const tlv = (tag: number, content: Buffer): Buffer => Buffer.concat([Buffer.of(tag), lengthOf(content), content])

function lengthOf(content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.of(content.length)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(content.length)
  const significant = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.of(0x80 | significant.length), significant])
}

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts))
const set = (...parts: Buffer[]): Buffer => tlv(0x31, Buffer.concat(parts))
const octets = (content: Buffer): Buffer => tlv(0x04, content)
const text = (value: string): Buffer => tlv(0x0c, Buffer.from(value))
const yes: Buffer = tlv(0x01, Buffer.of(0xff))

const bits = (content: Buffer, unused = 0): Buffer => tlv(0x03, Buffer.concat([Buffer.of(unused), content]))

/** Encodes a non-negative integer. A leading zero byte keeps the integer from being negative. */
function unsigned(value: Buffer): Buffer {
  const [first = 0x80] = value
  return tlv(0x02, first >= 0x80 ? Buffer.concat([Buffer.of(0), value]) : value)
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}

/** Encodes a time from 1950 to 2049, for which X.509 requires this form. */
function utcTime(time: Date): Buffer {
  const digits = time.toISOString().replaceAll(/[-:T]/g, '')
  return tlv(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}

/**
 * Context-specific tags of ASN.1. An explicit tag encloses a complete encoding. An implicit tag replaces the tag of a
 * primitive value.
 */
const explicit = (tag: number, content: Buffer): Buffer => tlv(0xa0 | tag, content)
const implicit = (tag: number, content: Buffer): Buffer => tlv(0x80 | tag, content)

/** A certificate and its private key, in PEM. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

/**
 * Issues certificates that clients trust once they trust the authority's own certificate. The authority's key exists
 * only in memory.
 */
export interface Authority {
  readonly certificate: string
  /** Issues a certificate for a server or a client with these names and addresses. */
  issue(names: readonly [string, ...string[]]): Identity
}

const DAY_MS = 86_400_000
/** The validity of a certificate starts this long before its issue, because clients' clocks may be slow. */
const VALID_BEFORE_MS = DAY_MS
const VALID_FOR_MS = 365 * DAY_MS

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const COMMON_NAME = oid('2.5.4.3')
const BASIC_CONSTRAINTS = oid('2.5.29.19')
const KEY_USAGE = oid('2.5.29.15')
const SUBJECT_KEY_IDENTIFIER = oid('2.5.29.14')
const AUTHORITY_KEY_IDENTIFIER = oid('2.5.29.35')
const EXTENDED_KEY_USAGE = oid('2.5.29.37')
const SUBJECT_ALTERNATIVE_NAME = oid('2.5.29.17')
const SERVER_AUTHENTICATION = oid('1.3.6.1.5.5.7.3.1')
const CLIENT_AUTHENTICATION = oid('1.3.6.1.5.5.7.3.2')

/** Key usages: keyCertSign and cRLSign, or digitalSignature (RFC 5280 §4.2.1.3). */
const SIGNS_CERTIFICATES = bits(Buffer.of(0x06), 1)
const SIGNS_HANDSHAKES = bits(Buffer.of(0x80), 7)

/**
 * Creates an X.509 v3 authority (RFC 5280) with a new P-256 key. Node can sign and read certificates, but not write
 * them.
 */
export function createAuthority(): Authority {
  const { privateKey, publicKey } = newKeys()
  const name = `chaos proxy ${randomBytes(4).toString('hex')}`
  const certificate = certify({
    subject: name,
    issuer: name,
    publicKey,
    signingKey: privateKey,
    signerKey: publicKey,
    extensions: [
      sequence(BASIC_CONSTRAINTS, yes, octets(sequence(yes))),
      sequence(KEY_USAGE, yes, octets(SIGNS_CERTIFICATES)),
    ],
  })
  return {
    certificate,
    issue(names) {
      const keys = newKeys()
      return {
        key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        certificate: certify({
          subject: names[0],
          issuer: name,
          publicKey: keys.publicKey,
          signingKey: privateKey,
          signerKey: publicKey,
          extensions: [
            sequence(BASIC_CONSTRAINTS, yes, octets(sequence())),
            sequence(KEY_USAGE, yes, octets(SIGNS_HANDSHAKES)),
            sequence(EXTENDED_KEY_USAGE, octets(sequence(SERVER_AUTHENTICATION, CLIENT_AUTHENTICATION))),
            sequence(SUBJECT_ALTERNATIVE_NAME, octets(sequence(...names.map(alternativeName)))),
          ],
        }),
      }
    },
  }
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

interface CertificateContent {
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  readonly signingKey: KeyObject
  readonly signerKey: KeyObject
  readonly extensions: readonly Buffer[]
}

function certify({ subject, issuer, publicKey, signingKey, signerKey, extensions }: CertificateContent): string {
  const nowMs = Date.now()
  const version3 = explicit(0, unsigned(Buffer.of(2)))
  // A serial number is positive, and must differ from those in clients' caches (RFC 5280 §4.1.2.2).
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const content = sequence(
    version3,
    unsigned(serial),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(utcTime(new Date(nowMs - VALID_BEFORE_MS)), utcTime(new Date(nowMs + VALID_FOR_MS))),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(
        ...extensions,
        sequence(SUBJECT_KEY_IDENTIFIER, octets(octets(identifierOf(publicKey)))),
        sequence(AUTHORITY_KEY_IDENTIFIER, octets(sequence(implicit(0, identifierOf(signerKey))))),
      ),
    ),
  )
  const certificate = sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, signingKey)))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** Returns the identifier by which strict verifiers find the issuer (RFC 7093 §2, method 4). */
const identifierOf = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20)

const nameOf = (commonName: string): Buffer => sequence(set(sequence(COMMON_NAME, text(commonName))))

/** Encodes a host name or an IP address as a subject alternative name (RFC 5280 §4.2.1.6). */
function alternativeName(name: string): Buffer {
  const version = isIP(name)
  if (version === 0) return implicit(2, Buffer.from(name, 'latin1'))
  return implicit(7, version === 4 ? Buffer.from(name.split('.').map(Number)) : ipv6Bytes(name))
}
