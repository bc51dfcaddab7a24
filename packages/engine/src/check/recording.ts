import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { partsOf } from '@chaosproxy/history/files'

/** A recording by its content, for those who may have it elsewhere. */
export interface RecordingName {
  /** The absolute path of the file, or of the directory of its parts. */
  readonly file: string
  readonly parts: readonly RecordedPart[]
}

interface RecordedPart {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** @throws UserError (input) for what is no file, nor a directory of numbered parts. */
export async function recordingAt(file: string): Promise<RecordingName> {
  const parts: RecordedPart[] = []
  for (const part of partsOf(file)) {
    const path = resolve(part)
    if (!statSync(path).isFile())
      throw new UserError('usage', `${file}: --queue takes recordings in files, which workers can read, too.`)
    parts.push({ path, bytes: statSync(path).size, sha256: await hashOf(path) })
  }
  return { file: resolve(file), parts }
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}
