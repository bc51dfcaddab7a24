import { closeSync, createReadStream, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { environmentError, inputError, UserError } from '../event/error.ts'
import { isStored } from './stored/address.ts'
import { type StoredPart, storedBytes, storedParts } from './stored/store.ts'
import { chunkedSource, nextOf, type Source } from './system/chunked-source.ts'
import { type Compression, compressionOf, MAGIC_BYTES } from './system/compression.ts'
import { partsIn } from './system/parts.ts'
import { codeOf } from './system/system-errors.ts'
import { unzstd } from './system/zstd.ts'

export const STDIN = '-'

export const sourceName = (path: string): string => (path === STDIN ? 'stdin' : path)

/**
 * Opens a file, stdin for `-`, a directory of numbered parts, or a recording in a store. Decompresses gzip and zstd.
 * Throws a UserError.
 */
export async function openSource(path: string, stored?: readonly StoredPart[]): Promise<Source> {
  if (path === STDIN) return await streamSource(path, process.stdin)
  if (isStored(path)) return storedSource(stored ?? (await storedParts(path)))
  const history = storedHistory(path)
  if (history !== undefined) return await openSource(history)
  const file = openFile(path)
  const status = fstatSync(file)
  if (status.isDirectory()) {
    closeSync(file)
    const parts = partsIn(path)
    if (parts === undefined) throw isDirectory(path)
    const bytes = parts.reduce((sum, part) => sum + statSync(part).size, 0)
    return joinedSource(
      parts.map((part) => () => openSource(part)),
      bytes,
    )
  }
  // This reads pipes and devices without blocking the process. The stream closes the file itself.
  if (!status.isFile()) return await streamSource(path, createReadStream(path, { fd: file }))
  const compression = compressionOf(firstBytes(file))
  if (compression !== undefined)
    return await uncompressed(path, createReadStream(path, { fd: file, start: 0 }), compression)
  return {
    sizeBytes: status.size,
    read: (space) => readOrErr(path, file, space),
    close: () => closeSync(file),
  }
}

export function isPlainFile(path: string): boolean {
  const file = openFile(path)
  try {
    return fstatSync(file).isFile() && compressionOf(firstBytes(file)) === undefined
  } finally {
    closeSync(file)
  }
}

/** Returns a source that reads byte ranges of uncompressed files in turn. */
export const rangesSource = (
  ranges: readonly { readonly path: string; readonly from: number; readonly to: number }[],
): Source =>
  joinedSource(
    ranges.map((range) => async () => rangeSource(range)),
    ranges.reduce((sum, { from, to }) => sum + to - from, 0),
  )

function rangeSource({
  path,
  from,
  to,
}: {
  readonly path: string
  readonly from: number
  readonly to: number
}): Source {
  const file = openFile(path)
  let at = from
  return {
    sizeBytes: to - from,
    read(space) {
      const size = readAt(path, file, space.subarray(0, Math.min(space.length, to - at)), at)
      at += size
      return size
    },
    close: () => closeSync(file),
  }
}

const storedSource = (parts: readonly StoredPart[]): Source =>
  joinedSource(
    parts.map((part) => () => streamSource(part.path, Readable.from(storedBytes(part), { objectMode: false }))),
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
  )

const NEWLINE = 10

/** Joins sources, each beginning on a new line. Only one is open at a time. */
function joinedSource(parts: readonly (() => Promise<Source>)[], sizeBytes: number | undefined): Source {
  const left = parts[Symbol.iterator]()
  let current: Source | undefined
  let lastByte = NEWLINE
  async function fill(space: Uint8Array): Promise<number> {
    for (;;) {
      const size = current === undefined ? 0 : await current.read(space)
      if (size > 0) return ended(space, size)
      current?.close()
      const next = left.next()
      if (next.done === true) {
        current = undefined
        return 0
      }
      current = await next.value()
      if (lastByte === NEWLINE) continue
      space[0] = NEWLINE
      return ended(space, 1)
    }
  }
  function ended(space: Uint8Array, size: number): number {
    lastByte = space[size - 1] ?? NEWLINE
    return size
  }
  return { sizeBytes, read: fill, close: () => current?.close() }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
}

const readOrErr = (path: string, file: number, space: Uint8Array): number => readAt(path, file, space, null)

function readAt(path: string, file: number, space: Uint8Array, position: number | null): number {
  try {
    return readSync(file, space, 0, space.length, position)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function firstBytes(file: number): Uint8Array {
  const bytes = new Uint8Array(MAGIC_BYTES)
  return bytes.subarray(0, readSync(file, bytes, 0, MAGIC_BYTES, 0))
}

async function uncompressed(path: string, compressed: Readable, compression: Compression): Promise<Source> {
  const close = (): unknown => compressed.destroy()
  if (compression === 'zstd') return chunksSource(path, unzstd(sourceName(path), compressed), close)
  const { createGunzip } = await import('node:zlib')
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  compressed.on('error', (error) => gunzip.destroy(error))
  return chunksSource(path, compressed.pipe(gunzip), close)
}

async function streamSource(path: string, stream: Readable): Promise<Source> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  // The first chunk of a pipe may be a single byte, too short to show the compression.
  let first = await nextChunk(path, chunks)
  while (first !== undefined && first.length < MAGIC_BYTES) {
    const more = await nextChunk(path, chunks)
    if (more === undefined) break
    first = Buffer.concat([first, more])
  }
  const compression = first === undefined ? undefined : compressionOf(first)
  if (compression === undefined) return chunksSource(path, withFirst(first, chunks), () => stream.destroy())
  return uncompressed(path, Readable.from(withFirst(first, chunks), { objectMode: false }), compression)
}

async function* withFirst(
  first: Uint8Array | undefined,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first === undefined) return
  try {
    yield first
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    // An unread stream would keep its connection.
    await rest.return?.()
  }
}

const chunksSource = (path: string, stream: AsyncIterable<Uint8Array>, close: () => unknown): Source =>
  chunkedSource(stream, { close, unreadable: (error) => unreadable(path, error) })

async function nextChunk(path: string, chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await nextOf(chunks)
  } catch (error) {
    throw unreadable(path, error)
  }
}

const historyIn = (directory: string): string | undefined =>
  ['history.jsonl', 'history.edn', 'history.txt', 'history.edn.gz', 'jepsen.log']
    .map((name) => join(directory, name))
    .find((file) => existsSync(file))

const BESIDE_HISTORY: ReadonlySet<string> = new Set(['test.jepsen', 'results.edn', 'test.fressian'])

/**
 * Returns the history file in a directory of Jepsen's store. `path` names this directory, or another file in it, or the
 * directory of a test, whose latest run counts. Returns undefined for any other path.
 */
export function storedHistory(path: string): string | undefined {
  if (path === STDIN || isStored(path) || !existsSync(path)) return undefined
  if (statSync(path).isDirectory()) return historyIn(path) ?? historyIn(join(path, 'latest'))
  const history = BESIDE_HISTORY.has(basename(path)) ? historyIn(dirname(path)) : undefined
  return history === path ? undefined : history
}

const isDirectory = (path: string): UserError =>
  inputError(
    `${path}: this is a directory, not a history. Name a file in it, or a directory of numbered parts (part-0001.jsonl, …). To merge the logs of several clients: --merge ${path}`,
  )

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof UserError) return error
  const code = codeOf(error)
  const name = sourceName(path)
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return inputError(`${name}: there is no such file. Check the path, or use - for stdin.`)
    case 'EACCES':
    case 'EPERM':
      return inputError(`${name}: no permission to read this file. Change its mode, or its owner.`)
    case 'EISDIR':
      return isDirectory(path)
    case 'Z_DATA_ERROR':
    case 'Z_BUF_ERROR':
      return inputError(`${name}: its gzip compression is damaged or cut off. Recover the intact part with zcat.`)
    default:
      return error instanceof Error && code !== ''
        ? environmentError(`${name}: reading failed (${error.message}).`)
        : error
  }
}
