import { FrameReader } from '../framing/frame-reader.ts'
import { readBackend } from './backend.ts'
import type { BackendMessage } from './message.ts'
import { createPostgresqlScanner } from './postgresql-scanner.ts'

/** Reads the messages of a server, whatever the division of the bytes. */
export interface BackendReader {
  /**
   * The messages that this chunk completes. Their bytes are borrowed from it.
   *
   * @throws Error for bytes that are not this protocol, or a message that is too long or malformed.
   */
  read(chunk: Buffer): readonly BackendMessage[]
}

export function backendReader(maxMessageBytes: number): BackendReader {
  const frames = new FrameReader({
    scanner: createPostgresqlScanner('responses'),
    maxFrameBytes: maxMessageBytes,
  })
  return {
    read(chunk) {
      const found: BackendMessage[] = []
      frames.read(chunk, {
        frame: (bytes) => found.push(readBackend(bytes)),
        loose() {
          if (!frames.framed) throw new Error('this is not a message of a PostgreSQL server')
          throw new Error(
            `a message of a PostgreSQL server is longer than ${maxMessageBytes} bytes, which is the limit here`,
          )
        },
      })
      return found
    },
  }
}
