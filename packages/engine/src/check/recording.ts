import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { usageError } from '@chaosproxy/history'
import { partsOf, type StoredPart } from '@chaosproxy/history/files'
import type { CheckTask } from './result.ts'

/** A recording, identified by its content. Its path may differ in another process. */
export interface RecordingName {
  /** The path of a file or directory, or the address in a store. */
  readonly file: string
  readonly parts: readonly FilePart[] | readonly StoredPart[]
}

/** A part that workers read from a disk. */
export interface FilePart {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** @throws UserError (input) if this is neither a file nor a directory of numbered parts. */
export async function recordingAt({ file, stored }: Pick<CheckTask, 'file' | 'stored'>): Promise<RecordingName> {
  if (stored !== undefined) return { file, parts: stored }
  const parts: FilePart[] = []
  for (const part of partsOf(file)) {
    const path = resolve(part)
    if (!statSync(path).isFile())
      throw usageError(
        `${file}: workers can read only files, and this is not a file. Save it to a file, or leave --queue out.`,
      )
    parts.push({ path, bytes: statSync(path).size, sha256: await hashOf(path) })
  }
  return { file: resolve(file), parts }
}

/** Returns the recording's parts in an object store. Returns undefined if the parts are files. */
export const storedIn = ({ parts }: RecordingName): readonly StoredPart[] | undefined =>
  parts.every((part) => 'etag' in part) ? parts : undefined

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}
