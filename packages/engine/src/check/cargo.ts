import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { environmentError, errorText, inputError } from '@chaosproxy/history'
import type { Cargo, LocalStore } from '../queue/kind.ts'
import { DAMAGED_FILE, LOST_FILE, MissingFile } from '../queue/parcel.ts'
import { sha256Of } from '../sha256.ts'
import { type FilePart, hashOf, type RecordingName } from './recording.ts'

// Workers read a recording in place if they share this machine's file system. Other workers get small recordings
// through Redis.

/** The largest recording to send through Redis, which keeps everything in memory. */
const MOST_BYTES = 16_000_000

/**
 * Returns the contents of a recording's files in Base64, keyed by hash. Returns nothing if the files are too large, or
 * if the recording is in an object store.
 */
export function cargoOf(recording: RecordingName): Cargo {
  const parts = filesIn(recording)
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  if (bytes > MOST_BYTES) return new Map()
  return new Map(parts.map(({ path, sha256 }) => [sha256, () => textOf(path)]))
}

function textOf(path: string): string {
  try {
    return readFileSync(path).toString('base64')
  } catch (error) {
    throw environmentError(
      `${path} can no longer be read, and a worker needs it: ${errorText(error)}. Put the file back, and repeat the check.`,
    )
  }
}

/**
 * Returns the recording's parts that are files. The other parts are in an object store, from which workers read them.
 */
const filesIn = ({ parts }: RecordingName): readonly FilePart[] =>
  parts.flatMap((part) => ('sha256' in part ? [part] : []))

/** The verified files, keyed by properties that change with a file's content. */
const seen = new Set<string>()

/**
 * Returns the recording, with the paths of fetched copies if this machine lacks a file. A file with other content is
 * treated like a missing file, so that the sender cannot learn which files this machine has.
 *
 * @throws UserError (input) if the recording is not on this machine and too large to travel.
 */
export async function hereOrFetched(recording: RecordingName, store: LocalStore): Promise<RecordingName> {
  const parts = filesIn(recording)
  const missing: string[] = []
  for (const part of parts) {
    const status = statSync(part.path, { throwIfNoEntry: false })
    if (status === undefined) {
      missing.push(part.path)
      continue
    }
    const known = JSON.stringify([part, status.ino, status.mtimeMs, status.size])
    if (seen.has(known)) continue
    if (!status.isFile() || status.size !== part.bytes || (await hashOf(part.path)) !== part.sha256) {
      missing.push(part.path)
      continue
    }
    seen.add(known)
  }
  if (missing.length === 0) return recording
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  const [first = recording.file] = missing
  if (bytes > MOST_BYTES)
    throw inputError(
      `${first} is missing on this worker, or differs from the file on the machine that started the check. Its ${bytes} bytes are more than the ${MOST_BYTES} that can be sent through Redis. Mount the same disk under this path on both machines.`,
    )
  return fetched({ file: recording.file, parts }, store)
}

async function fetched(
  { file, parts }: { readonly file: string; readonly parts: readonly FilePart[] },
  store: LocalStore,
): Promise<RecordingName> {
  const name = sha256Of(JSON.stringify(parts)).slice(0, 32)
  const folder = join(store.home, name)
  const isOne = parts.length === 1 && parts[0]?.path === file
  const here = parts.map((part) => ({ ...part, path: join(folder, basename(part.path)) }))
  for (const { path, sha256, bytes } of here) {
    if (statSync(path, { throwIfNoEntry: false })?.size === bytes) continue
    const text = await store.fetch(sha256)
    if (text === undefined) throw new MissingFile(`${basename(path)}: ${LOST_FILE}`)
    const content = Buffer.from(text, 'base64')
    if (sha256Of(content) !== sha256) throw new MissingFile(`${basename(path)}: ${DAMAGED_FILE}`)
    mkdirSync(dirname(path), { recursive: true })
    // Two jobs may fetch a file at the same time, so each job first writes a temporary file.
    const unfinished = `${path}.${randomUUID()}`
    writeFileSync(unfinished, content)
    renameSync(unfinished, path)
  }
  return { file: isOne ? (here[0]?.path ?? folder) : folder, parts: here }
}
