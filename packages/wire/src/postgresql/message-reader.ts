import { FrameReader } from '../framing/frame-reader.ts'
import { readBackend } from './backend.ts'
import { readFrontend } from './frontend.ts'
import type { BackendMessage, FrontendMessage } from './message.ts'
import { createPostgresqlScanner } from './postgresql-scanner.ts'

/** Reads the messages of one side, whatever the division of the bytes. */
export interface MessageReader<Message> {
  /**
   * The messages that this chunk completes. Their bytes are borrowed from it.
   *
   * @throws Error for bytes that are not this protocol, or a message that is too long or malformed.
   */
  read(chunk: Buffer): readonly Message[]
}

export const frontendReader = (maxMessageBytes: number): MessageReader<FrontendMessage> =>
  messageReader(new FrameReader({ scanner: createPostgresqlScanner('requests'), maxFrameBytes: maxMessageBytes }), {
    read: readFrontend,
    whose: 'a PostgreSQL client',
    maxMessageBytes,
  })

export const backendReader = (maxMessageBytes: number): MessageReader<BackendMessage> =>
  messageReader(new FrameReader({ scanner: createPostgresqlScanner('responses'), maxFrameBytes: maxMessageBytes }), {
    read: readBackend,
    whose: 'a PostgreSQL server',
    maxMessageBytes,
  })

function messageReader<Message>(
  frames: FrameReader,
  options: {
    readonly read: (frame: Buffer) => Message
    readonly whose: string
    readonly maxMessageBytes: number
  },
): MessageReader<Message> {
  const { read, whose, maxMessageBytes } = options
  return {
    read(chunk) {
      const found: Message[] = []
      frames.read(chunk, {
        frame: (bytes) => found.push(read(bytes)),
        loose() {
          if (!frames.framed) throw new Error(`this is not a message of ${whose}`)
          throw new Error(`a message of ${whose} is longer than ${maxMessageBytes} bytes, which is the limit here`)
        },
      })
      return found
    },
  }
}
