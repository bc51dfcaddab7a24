import type { IntroducedSource, Received } from '@chaosproxy/targets/database'
import { boolean, bytes, int, long, recordReader } from '@chaosproxy/wire/jute'

const OPERATIONS = {
  create: 1,
  delete: 2,
  getData: 4,
  setData: 5,
  getChildren: 8,
  sync: 9,
  ping: 11,
  check: 13,
  multi: 14,
  create2: 15,
  closeSession: -11,
} as const

export type Operation = keyof typeof OPERATIONS

export const operationNumber = (operation: Operation): number => OPERATIONS[operation]

/** The reply to a request. The first reply of a session has neither a zxid nor a record. */
export interface Reply {
  /** The zxid of the last change that the server had seen. */
  readonly zxid: bigint
  readonly error: number
  readonly record: Buffer
}

/** Reads the replies of one session. */
export interface SessionReplies extends IntroducedSource<Reply> {
  /** Requests a session. A server that has not seen `zxid` refuses it. */
  introduce(zxid: bigint, sessionMs: number): Buffer
  request(operation: Operation, record: Buffer): Buffer
}

const OPENED: Reply = { zxid: 0n, error: 0, record: Buffer.alloc(0) }
const LENGTH = 4
/** The largest reply accepted. ZooKeeper's own limit is a megabyte (jute.maxbuffer). */
const MOST_BYTES = 16 * 1024 * 1024
const NO_PASSWORD = Buffer.alloc(16)
const PROTOCOL = 0
/** The request number of all pings. The count of requests excludes pings. */
const PING = -2

export function sessionReplies(): SessionReplies {
  let buffered: Buffer = Buffer.alloc(0)
  let open = false
  let requests = 0
  let awaited = 0

  function replyIn(record: Buffer): Received<Reply> {
    const reader = recordReader(record)
    if (!open) {
      reader.int()
      const grantedMs = reader.int()
      if (grantedMs <= 0) return { type: 'unreadable', why: 'the server granted no session' }
      open = true
      return { type: 'reply', reply: OPENED, reusable: true }
    }
    const [number, zxid, error] = [reader.int(), reader.long(), reader.int()]
    if (number !== awaited) return { type: 'unreadable', why: `request ${awaited} was answered as ${number}` }
    return { type: 'reply', reply: { zxid, error, record: record.subarray(HEADER) }, reusable: true }
  }

  return {
    isOpen: () => open,
    introduce: (zxid, sessionMs) =>
      framed(int(PROTOCOL), long(zxid), int(sessionMs), long(0n), bytes(NO_PASSWORD), boolean(false)),
    request(operation, record) {
      awaited = operation === 'ping' ? PING : ++requests
      return framed(int(awaited), int(OPERATIONS[operation]), record)
    },
    read(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      if (buffered.length < LENGTH) return { type: 'incomplete' }
      const size = buffered.readInt32BE()
      if (size < 0 || size > MOST_BYTES) return { type: 'unreadable', why: `a reply of invalid length ${size}` }
      if (buffered.length < LENGTH + size) return { type: 'incomplete' }
      const record = buffered.subarray(LENGTH, LENGTH + size)
      buffered = buffered.subarray(LENGTH + size)
      try {
        return replyIn(record)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        return { type: 'unreadable', why: `a reply that ends early: ${error.message}` }
      }
    },
    end: () => ({ type: 'incomplete' }),
  }
}

const HEADER = 4 + 8 + 4

const framed = (...members: readonly Buffer[]): Buffer => bytes(Buffer.concat(members))
