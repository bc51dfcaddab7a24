import type { Json } from '@chaosproxy/history'
import { type FrameScanner, NEEDS_MORE } from './frame-scanner.ts'
import type { Framing } from './framing.ts'

const LINE_FEED = 0x0a

/** Finds line feeds. Does not check that a line is JSON. */
const lineScanner: FrameScanner = {
  scan(bytes, start) {
    const end = bytes.indexOf(LINE_FEED, start)
    return end === -1 ? NEEDS_MORE : end + 1
  },
}

/** JSON values, one per line. A message includes its line feed. */
export const jsonLines: Framing = {
  name: 'json-lines',
  readsJson: true,
  scanner: () => lineScanner,
  read(message) {
    try {
      return JSON.parse(message.toString('utf8')) as Json
    } catch {
      return undefined
    }
  },
  write: (value) => Buffer.from(`${JSON.stringify(value)}\n`),
}
