import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, write } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { UserError } from '@chaosproxy/history'

// One record a line, so that a journal can be read with `less`:
//   LENGTH CRC32 JSON\n      length in bytes and checksum of the JSON, eight hexadecimal digits each
const HEADER_BYTES = 18
const SPACE = 0x20
const NEWLINE = 0x0a

/** What a journal file holds. Lengths and offsets in bytes. */
export type JournalContent =
  /** `length` covers the records; what is behind it was being written when the node died, and was never acknowledged. */
  | {
      readonly type: 'usable'
      readonly records: readonly unknown[]
      readonly length: number
      readonly tornBytes: number
    }
  /** A record is damaged that has intact ones behind it: not a torn write, and nothing a node may go on from. */
  | { readonly type: 'corrupt'; readonly offset: number; readonly record: number; readonly intactAt: number }

export interface Journal {
  /** Calls back when every byte is durable. One append at a time; `batch` is a concatenation of encoded records. */
  append(batch: string, durable: (error: Error | undefined) => void): void
  close(): void
}

export function encodeRecord(record: unknown): string {
  const text = JSON.stringify(record)
  return `${hex(Buffer.byteLength(text))} ${hex(crc32(text))} ${text}\n`
}

/** Every record up to the end or to a torn tail. Never returns a record that was not written. */
export function decodeJournal(bytes: Buffer): JournalContent {
  const records: unknown[] = []
  let offset = 0
  while (offset < bytes.length) {
    const end = recordEnd(bytes, offset)
    if (end === undefined) break
    records.push(JSON.parse(bytes.toString('utf8', offset + HEADER_BYTES, end - 1)))
    offset = end
  }
  for (let later = offset + 1; later < bytes.length; later++)
    if (recordEnd(bytes, later) !== undefined)
      return { type: 'corrupt', offset, record: records.length + 1, intactAt: later }
  return { type: 'usable', records, length: offset, tornBytes: bytes.length - offset }
}

/** Opens or creates the journal, cuts off a torn tail, and gives the records. Throws where it is corrupt or unreadable. */
export function openJournal(path: string): { journal: Journal; records: readonly unknown[]; tornBytes: number } {
  // O_DSYNC makes each write return when its data is durable, as fdatasync after it would, in one system call.
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC, 0o644)
  try {
    const content = decodeJournal(readWhole(descriptor))
    if (content.type === 'corrupt') {
      const intact = `an intact record follows at byte ${content.intactAt}, so this is damage and not a torn write`
      throw new UserError(
        'environment',
        `${path}: record ${content.record} at byte ${content.offset} is corrupt (${intact}). ` +
          'The node will not start from it; restore the file, or delete the directory to start the node empty.',
      )
    }
    if (content.tornBytes > 0) ftruncateSync(descriptor, content.length)
    // What a kill left behind may be in the file and not yet on the disk; from now on the node counts on it.
    if (content.length + content.tornBytes > 0) fsyncSync(descriptor)
    syncDirectory(dirname(path))
    return {
      journal: appendTo(descriptor, content.length),
      records: content.records,
      tornBytes: content.tornBytes,
    }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function appendTo(descriptor: number, length: number): Journal {
  let position = length
  function writeAll(bytes: Buffer, from: number, durable: (error: Error | undefined) => void): void {
    write(descriptor, bytes, from, bytes.length - from, position, (error, written) => {
      if (error !== null) return durable(error)
      position += written
      if (from + written < bytes.length) return writeAll(bytes, from + written, durable)
      durable(undefined)
    })
  }
  return {
    append: (batch, durable) => writeAll(Buffer.from(batch), 0, durable),
    close: () => closeSync(descriptor),
  }
}

/** Where the record that begins here ends; undefined if there is no whole and intact record here. */
function recordEnd(bytes: Buffer, offset: number): number | undefined {
  const body = offset + HEADER_BYTES
  if (body >= bytes.length || bytes[offset + 8] !== SPACE || bytes[body - 1] !== SPACE) return undefined
  const header = bytes.toString('latin1', offset, body)
  const end = body + Number.parseInt(header.slice(0, 8), 16)
  if (!(end < bytes.length) || bytes[end] !== NEWLINE) return undefined
  const payload = bytes.subarray(body, end)
  return header === `${hex(payload.length)} ${hex(crc32(payload))} ` ? end + 1 : undefined
}

const hex = (value: number): string => value.toString(16).padStart(8, '0')

function readWhole(descriptor: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(descriptor).size)
  let length = 0
  while (length < bytes.length) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, length)
    if (read === 0) break
    length += read
  }
  return bytes.subarray(0, length)
}

/** A new file's name is durable only once its directory is. */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
