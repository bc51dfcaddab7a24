import type { SpokenProtocol } from '@chaosproxy/recorder/protocols'
import { FrameReader, type Framing } from '@chaosproxy/wire'
import { openLine, type ReplySource } from '../clients/line.ts'
import type { ReadFinally } from './read-finally.ts'

/** Longer answers are not read. */
const MOST_BYTES = 16 * 1024 * 1024

/** Reads keys as the protocol itself says, one message for each; undefined if it does not. */
export function readSpoken({ protocol, model }: SpokenProtocol): ReadFinally | undefined {
  const { framing, finalReads } = protocol
  const reads = finalReads?.(model)
  if (reads === undefined) return undefined
  return {
    canRead: (key) => reads.ask(key) !== undefined,
    connect(address) {
      const line = openLine<Buffer, ReplySource<Buffer>>(address, () => answersIn(framing))
      return {
        invoke({ input: { key = '' } }, timeoutMs, completed) {
          const asked = reads.ask(key)
          if (asked === undefined) {
            queueMicrotask(() => completed({ type: 'fail', error: `nothing asks for ${key}` }))
            return
          }
          const bytes = framing.write(asked, 'requests')
          line.ask({
            bytes: () => bytes,
            timeoutMs,
            ended(end) {
              if (end.type === 'lost') completed({ type: 'fail', error: end.why })
              else completed(reads.understood(framing.read(end.reply)))
            },
          })
        },
        close: () => line.close(),
      }
    },
  }
}

function answersIn(framing: Framing): ReplySource<Buffer> {
  const frames = new FrameReader({ scanner: framing.scanner('responses'), maxFrameBytes: MOST_BYTES })
  return {
    read(chunk) {
      const found: Buffer[] = []
      let isRead = true
      frames.read(chunk, {
        frame: (bytes) => found.push(Buffer.from(bytes)),
        loose: () => {
          isRead = false
        },
      })
      const [reply, more] = found
      if (!isRead || more !== undefined) return { type: 'unreadable', why: `this is no answer of ${framing.name}` }
      return reply === undefined ? { type: 'incomplete' } : { type: 'reply', reply, reusable: true }
    },
    end: () => ({ type: 'unreadable', why: 'the server ended the connection' }),
  }
}
