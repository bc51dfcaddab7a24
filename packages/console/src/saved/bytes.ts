import { inputError, UserError } from '@chaosproxy/history'
import { chunkedSource, compressionOf, MAGIC_BYTES, partsAmong, unzstd } from '@chaosproxy/history/files'
import type { SavedFile } from './messages.ts'

/** A browser's tab has less memory than `chaos check`. */
export const MOST_TEXT_BYTES = 250_000_000

/** A history's name and uncompressed bytes. */
interface SavedBytes {
  readonly name: string
  readonly source: ReturnType<typeof chunkedSource>
}

/**
 * Returns the bytes of a file, or of a recording's parts in order. Reading more than `mostBytes` of uncompressed text
 * throws a UserError (input).
 *
 * @throws UserError (input) if there are several files, and they are not the parts of one recording.
 */
export function savedBytes(
  files: readonly SavedFile[],
  wasRead: (bytes: number) => void,
  mostBytes: number = MOST_TEXT_BYTES,
): SavedBytes {
  const parts = inOrder(files)
  const name = parts.length === 1 ? (parts[0]?.name ?? '') : `${parts[0]?.name} and ${parts.length - 1} more`
  return { name, source: chunkedSource(limited(name, joined(parts), wasRead, mostBytes)) }
}

function inOrder(files: readonly SavedFile[]): readonly SavedFile[] {
  if (files.length <= 1) return files
  const names = partsAmong(
    'These files',
    files.map(({ name }) => name),
  )
  if (names === undefined || names.length < files.length)
    throw inputError(
      'This page checks one history, or all parts of one recording (part-0001.jsonl, …), at a time. To check several: npx chaos check FILES',
    )
  return names.flatMap((name) => files.filter((file) => file.name === name))
}

async function* limited(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  wasRead: (bytes: number) => void,
  mostBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > mostBytes)
      throw inputError(
        `${name}: it has more than ${mostBytes / 1e6} MB of text, which is too much for a page in a browser. On the command line there is no such limit: npx chaos check ${name}`,
      )
    wasRead(bytes)
    yield chunk
  }
}

const NEWLINE = new Uint8Array([10])

/** Yields all parts. Each begins on a new line. */
async function* joined(parts: readonly SavedFile[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const [n, part] of parts.entries()) {
    if (n > 0) yield NEWLINE
    yield* uncompressed(part)
  }
}

async function* uncompressed({ name, blob }: SavedFile): AsyncGenerator<Uint8Array, void, undefined> {
  const beginning = new Uint8Array(await readable(name, blob.slice(0, MAGIC_BYTES).arrayBuffer()))
  switch (compressionOf(beginning)) {
    case 'zstd':
      return yield* unzstd(name, chunksOf(name, blob.stream()))
    case 'gzip':
      return yield* gunzipped(name, blob)
    default:
      return yield* chunksOf(name, blob.stream())
  }
}

async function* gunzipped(name: string, blob: Blob): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunksOf(name, blob.stream().pipeThrough(new DecompressionStream('gzip')))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw inputError(`${name}: its gzip compression is damaged or cut off. Recover the intact part with zcat.`)
  }
}

async function* chunksOf(
  name: string,
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const next = await readable(name, reader.read())
      if (next.done) return
      yield next.value
    }
  } finally {
    // A stopped consumer needs no more data, and a failed stream has already reported its error.
    reader.cancel().catch(() => {})
  }
}

/** Reads a file, with a clear error for a folder, which a browser lists like a file. */
async function readable<Value>(name: string, reading: Promise<Value>): Promise<Value> {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    throw inputError(
      `${name}: this cannot be read (${error.message}). If this is a folder, choose the file in it that is the history, such as history.jsonl. If the file has changed, choose it again.`,
    )
  }
}
