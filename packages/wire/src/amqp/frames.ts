// The frames and methods of AMQP 0-9-1 that queues need: https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf

const KIND = { method: 1, header: 2, body: 3, heartbeat: 8 } as const
const END = 0xce
/** The size in bytes of a frame's head: kind, channel and payload size. */
const HEAD = 7
/** A larger announced size means that the stream is out of step. */
const MOST_BYTES = 16 * 1024 * 1024

/** By name: the class and the number of a method. */
const METHODS = {
  'connection.start-ok': [10, 11],
  'connection.tune-ok': [10, 31],
  'connection.open': [10, 40],
  'connection.close': [10, 50],
  'channel.open': [20, 10],
  'channel.open-ok': [20, 11],
  'channel.close': [20, 40],
  'queue.declare': [50, 10],
  'queue.declare-ok': [50, 11],
  'basic.qos': [60, 10],
  'basic.qos-ok': [60, 11],
  'basic.publish': [60, 40],
  'basic.return': [60, 50],
  'basic.get': [60, 70],
  'basic.get-ok': [60, 71],
  'basic.get-empty': [60, 72],
  'basic.ack': [60, 80],
  'basic.nack': [60, 120],
  'confirm.select': [85, 10],
  'confirm.select-ok': [85, 11],
} as const

export type MethodName = keyof typeof METHODS

const BASIC = 60

export const octet = (value: number): Buffer => Buffer.from([value])

export function short(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function longlong(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** @throws RangeError for a text of more than 255 bytes. */
export function shortText(value: string): Buffer {
  const bytes = Buffer.from(value)
  const size = Buffer.alloc(1)
  size.writeUInt8(bytes.length)
  return Buffer.concat([size, bytes])
}

const sized = (bytes: Buffer): Buffer => Buffer.concat([long(bytes.length), bytes])

export const longText = (value: string): Buffer => sized(Buffer.from(value))

export const table = (members: { readonly [name: string]: string | number }): Buffer =>
  sized(
    Buffer.concat(
      Object.entries(members).flatMap(([name, value]) => [
        shortText(name),
        ...(typeof value === 'number' ? [Buffer.from('I'), long(value)] : [Buffer.from('S'), longText(value)]),
      ]),
    ),
  )

function frame(kind: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([octet(kind), short(channel), sized(payload), octet(END)])
}

/** Returns the frame of a method on a channel. The connection's own methods use channel 0. */
export function methodFrame(name: MethodName, channel: number, ...members: readonly Buffer[]): Buffer {
  const [kind, number] = METHODS[name]
  return frame(KIND.method, channel, Buffer.concat([short(kind), short(number), ...members]))
}

/** The flag of the delivery mode, which says whether a message is written to disk. */
const DELIVERY_MODE = 1 << 12
const PERSISTENT = 2
const TRANSIENT = 1

/** Returns the header and the body of a message, which follow its method. */
export const contentFrames = (body: Buffer, channel: number, persistent: boolean): Buffer =>
  Buffer.concat([
    frame(
      KIND.header,
      channel,
      Buffer.concat([
        ...[short(BASIC), short(0), longlong(BigInt(body.length))],
        ...[short(DELIVERY_MODE), octet(persistent ? PERSISTENT : TRANSIENT)],
      ]),
    ),
    frame(KIND.body, channel, body),
  ])

/** A received frame, with only the parts that this package uses. */
export type Frame =
  | { readonly kind: 'method'; readonly name: string; readonly members: Buffer }
  /** `size` is the number of body bytes that follow. */
  | { readonly kind: 'header'; readonly size: number }
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'heartbeat' }

const NAMES = new Map(Object.entries(METHODS).map(([name, [kind, number]]) => [`${kind}.${number}`, name]))

/** Returns the first frame and its size. Undefined until it has arrived; a text if the bytes are not a frame. */
export function firstFrame(bytes: Buffer): { readonly frame: Frame; readonly size: number } | string | undefined {
  if (bytes.length < HEAD) return undefined
  // A server of another version replies with that version.
  if (bytes.toString('latin1', 0, 4) === 'AMQP') return 'the server speaks another version of AMQP'
  const length = bytes.readUInt32BE(3)
  if (length > MOST_BYTES) return `a frame of ${length} bytes`
  const size = HEAD + length + 1
  if (bytes.length < size) return undefined
  if (bytes[size - 1] !== END) return 'a frame without an end'
  const found = frameOf(bytes.readUInt8(0), Buffer.from(bytes.subarray(HEAD, size - 1)))
  return typeof found === 'string' ? found : { frame: found, size }
}

function frameOf(kind: number, payload: Buffer): Frame | string {
  switch (kind) {
    case KIND.method: {
      if (payload.length < 4) return 'a method without a number'
      const id = `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}`
      return { kind: 'method', name: NAMES.get(id) ?? id, members: payload.subarray(4) }
    }
    case KIND.header:
      return payload.length < 12
        ? 'a header without a size'
        : { kind: 'header', size: Number(payload.readBigUInt64BE(4)) }
    case KIND.body:
      return { kind: 'body', bytes: payload }
    case KIND.heartbeat:
      return { kind: 'heartbeat' }
    default:
      return `a frame of the kind ${kind}`
  }
}
