import { FrameReader } from '../framing/frame-reader.ts'
import type { Direction } from '../framing/framing.ts'
import { readBackend } from './backend.ts'
import { readFrontend } from './frontend.ts'
import type { BackendMessage, FrontendMessage } from './message.ts'
import { createPostgresqlScanner } from './postgresql-scanner.ts'

/** Reads the messages of one side, which may be split anywhere. */
export interface MessageReader<Message> {
  /**
   * Returns the messages that this chunk completes, borrowed from it.
   *
   * @throws Error for bytes that are not this protocol, or for a message that is too long or malformed.
   */
  read(chunk: Buffer): readonly Message[]
}

export const backendReader = (maxMessageBytes: number): MessageReader<BackendMessage> =>
  readerOf(readBackend, { direction: 'responses', side: 'server', maxMessageBytes })

export const frontendReader = (maxMessageBytes: number): MessageReader<FrontendMessage> =>
  readerOf(readFrontend, { direction: 'requests', side: 'client', maxMessageBytes })

interface Side {
  readonly direction: Direction
  readonly side: 'server' | 'client'
  readonly maxMessageBytes: number
}

function readerOf<Message>(
  readMessage: (frame: Buffer) => Message,
  { direction, side, maxMessageBytes }: Side,
): MessageReader<Message> {
  const frames = new FrameReader({ scanner: createPostgresqlScanner(direction), maxFrameBytes: maxMessageBytes })
  return {
    read(chunk) {
      const found: Message[] = []
      frames.read(chunk, {
        frame: (bytes) => found.push(readMessage(bytes)),
        loose() {
          if (!frames.framed) throw new Error(`this is not a message of a PostgreSQL ${side}`)
          throw new Error(
            `a message of a PostgreSQL ${side} is longer than ${maxMessageBytes} bytes, which is the limit here`,
          )
        },
      })
      return found
    },
  }
}
