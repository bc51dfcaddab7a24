import type { Framing } from '../../../../wire/src/framing/framing.ts'

// A protocol as small as one can be: `SET k v` is answered by `STORED`, `GET k` by `VALUE v` or `NONE`; a line each.
// `FINAL` behind a key says that nothing will be written any more.

const LINE_FEED = 0x0a

/** What its folder in `wire` would export. */
export const tinyFraming: Framing = {
  name: 'tiny',
  scanner: () => ({ scan: (bytes, start) => bytes.indexOf(LINE_FEED, start) + 1 || -1 }),
  read: (message) => message.toString().trimEnd(),
  write: (value) => Buffer.from(`${value}\n`),
  command(message) {
    const [name = '', key] = message.toString().trimEnd().split(' ')
    return { name, key }
  },
}
