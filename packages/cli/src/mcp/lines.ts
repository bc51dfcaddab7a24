import { Transform, type TransformCallback } from 'node:stream'

const NEWLINE = 0x0a
const LONGEST_BYTES = 1_000_000

/** Passes lines on, but drops lines that are too long, because the SDK would stop on them. */
export function wholeLines(dropped: (sizeBytes: number) => void): Transform {
  let parts: Buffer[] = []
  let sizeBytes = 0
  const add = (part: Buffer): void => {
    sizeBytes += part.length
    // Drops the content of a line that is too long, and counts its size.
    if (sizeBytes <= LONGEST_BYTES) parts.push(part)
    else parts = []
  }
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      let from = 0
      for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
        add(chunk.subarray(from, to + 1))
        if (sizeBytes <= LONGEST_BYTES) this.push(Buffer.concat(parts))
        else dropped(sizeBytes)
        parts = []
        sizeBytes = 0
        from = to + 1
      }
      add(chunk.subarray(from))
      done()
    },
  })
}
