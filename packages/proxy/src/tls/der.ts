/** The DER encodings (X.690) that a certificate needs. */

const tlv = (tag: number, content: Buffer): Buffer => Buffer.concat([Buffer.of(tag), lengthOf(content), content])

function lengthOf(content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.of(content.length)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(content.length)
  const significant = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.of(0x80 | significant.length), significant])
}

export const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts))
export const set = (...parts: Buffer[]): Buffer => tlv(0x31, Buffer.concat(parts))
export const octets = (content: Buffer): Buffer => tlv(0x04, content)
export const text = (value: string): Buffer => tlv(0x0c, Buffer.from(value))
export const yes: Buffer = tlv(0x01, Buffer.of(0xff))

/** A bit string; the last `unused` bits of its last byte are padding. */
export const bits = (content: Buffer, unused = 0): Buffer => tlv(0x03, Buffer.concat([Buffer.of(unused), content]))

/** A non-negative integer: a leading zero byte keeps a set highest bit from making it negative. */
export function unsigned(value: Buffer): Buffer {
  const first = value[0] ?? 0
  return tlv(0x02, first >= 0x80 || value.length === 0 ? Buffer.concat([Buffer.of(0), value]) : value)
}

/** An object identifier in dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}

/** Years 1950 to 2049 only, for which X.509 requires this form. */
export function utcTime(time: Date): Buffer {
  const digits = time.toISOString().replaceAll(/[-:T]/g, '')
  return tlv(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}

/** A context-specific constructed tag: explicit, or implicit for constructed content. */
export const explicit = (tag: number, content: Buffer): Buffer => tlv(0xa0 | tag, content)
export const implicit = (tag: number, content: Buffer): Buffer => tlv(0x80 | tag, content)
