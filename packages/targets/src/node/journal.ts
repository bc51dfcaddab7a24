import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, write } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { environmentError } from '@chaosproxy/history'

// A journal is readable with `less`. It has one record per line: `LENGTH CRC32 JSON\n`. LENGTH is the size of JSON in
// bytes. LENGTH and CRC32 have eight hexadecimal digits each.
//
// After the last record, the file is padded with empty lines. A write into the padding changes neither the file's size
// nor its blocks, so only the data must be made durable, and not the file system's own journal.
const HEADER_BYTES = 18
const SPACE = 0x20
const NEWLINE = 0x0a
/** Padding grows with the file's size, within these bounds. */
const LEAST_PADDING_BYTES = 4 * 1024
const MOST_PADDING_BYTES = 1024 * 1024

/** The contents of a journal file. Lengths and offsets are in bytes. */
type JournalContent =
  /**
   * `length` is that of all records, without padding. `tornBytes` is the size of records that were being written when
   * the node died. They were never acknowledged.
   */
  | {
      readonly type: 'usable'
      readonly records: readonly unknown[]
      readonly length: number
      readonly tornBytes: number
    }
  /** A damaged record before intact ones is no torn write, so a node must not continue from it. */
  | { readonly type: 'corrupt'; readonly offset: number; readonly record: number; readonly intactAt: number }

export interface Journal {
  /** Appends encoded records. Calls back once every byte is durable. Only one append may be in progress. */
  append(batch: string, durable: (error: Error | undefined) => void): void
  close(): void
}

export function encodeRecord(record: unknown): string {
  const text = JSON.stringify(record)
  return `${hex(Buffer.byteLength(text))} ${hex(crc32(text))} ${text}\n`
}

/** Returns the records of a journal up to its end or its torn tail. Every returned record was written. */
export function decodeJournal(file: Buffer): JournalContent {
  const bytes = withoutPadding(file)
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

/**
 * Opens or creates the journal, removes a torn tail, and returns the records. Throws if the journal is corrupt or
 * unreadable.
 */
export function openJournal(path: string): { journal: Journal; records: readonly unknown[]; tornBytes: number } {
  // With O_DSYNC, each write returns once its data is durable, like a write and an fdatasync.
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC, 0o644)
  try {
    const bytes = readWhole(descriptor)
    const content = decodeJournal(bytes)
    if (content.type === 'corrupt') {
      const intact = `an intact record follows at byte ${content.intactAt}, so this is damage and not a torn write`
      throw environmentError(
        `${path}: record ${content.record} at byte ${content.offset} is corrupt (${intact}). ` +
          'The node will not start from it; restore the file, or delete the directory to start the node empty.',
      )
    }
    // The file must end after the last intact record: old padding would hide where a torn write ended.
    if (bytes.length > content.length) ftruncateSync(descriptor, content.length)
    // The node now relies on these records, but data from before a kill may not have reached the disk.
    if (bytes.length > 0) fsyncSync(descriptor)
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
  /** The file's length with padding. */
  let padded = length

  /**
   * Writes records up to `end`, and then padding. Reports success after the records, because a full disk may have no
   * room for the padding.
   */
  function writeAll(bytes: Buffer, end: number, durable: (error: Error | undefined) => void): void {
    write(descriptor, bytes, 0, bytes.length, position, (error, written) => {
      if (error !== null) return durable(error)
      position += written
      padded = Math.max(padded, position)
      if (position < end) return writeAll(bytes.subarray(written), end, durable)
      position = end
      durable(undefined)
    })
  }

  return {
    append(batch, durable) {
      const records = Buffer.from(batch)
      const end = position + records.length
      const bytes =
        end <= padded
          ? records
          : Buffer.concat([
              records,
              Buffer.alloc(Math.min(Math.max(end, LEAST_PADDING_BYTES), MOST_PADDING_BYTES), NEWLINE),
            ])
      writeAll(bytes, end, durable)
    },
    close: () => closeSync(descriptor),
  }
}

/** Keeps the newline that ends the last record. */
function withoutPadding(file: Buffer): Buffer {
  let end = file.length
  while (end > 1 && file[end - 1] === NEWLINE && file[end - 2] === NEWLINE) end--
  return end === 1 && file[0] === NEWLINE ? file.subarray(0, 0) : file.subarray(0, end)
}

/** Returns the end of the record at this offset, if it is complete and intact. */
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
