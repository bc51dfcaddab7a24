import { serve } from '../../../testing/src/sockets.ts'
import { FrameReader } from '../../../wire/src/framing/frame-reader.ts'
import { resp } from '../../../wire/src/resp/resp.ts'
import { readRespCommand } from '../../../wire/src/resp/resp-value.ts'

const OK = '+OK\r\n'
const bulk = (text: string | undefined) =>
  text === undefined ? '$-1\r\n' : `$${Buffer.byteLength(text)}\r\n${text}\r\n`

/**
 * A server that speaks RESP and keeps a journal. `written`: how often each key was written. `answered`: the values
 * returned by reads of each key.
 */
export async function serveJournal() {
  const store = new Map<string, string>()
  const written = new Map<string, number>()
  const answered = new Map<string, Set<string | undefined>>()
  const note = (key: string) => void written.set(key, (written.get(key) ?? 0) + 1)
  const put = (key: string, value: string) => {
    note(key)
    store.set(key, value)
  }
  const got = (key: string) => {
    const value = store.get(key)
    answered.set(key, (answered.get(key) ?? new Set()).add(value))
    return bulk(value)
  }

  function execute([name = '', key = '', value = '', ...rest]: readonly string[]): string {
    switch (name) {
      case 'GET':
        return got(key)
      case 'MGET':
        return `*${2}\r\n${got(key)}${got(value)}`
      case 'SET':
        if (rest.includes('NX') && store.has(key)) return '$-1\r\n'
        put(key, value)
        return OK
      case 'GETSET': {
        const before = store.get(key)
        put(key, value)
        return bulk(before)
      }
      case 'APPEND':
        put(key, (store.get(key) ?? '') + value)
        return `:${store.get(key)?.length ?? 0}\r\n`
      case 'INCR':
        put(key, String(Number(store.get(key) ?? 0) + 1))
        return `:${store.get(key)}\r\n`
      case 'MSET':
        put(key, value)
        if (rest[0] !== undefined) put(rest[0], rest[1] ?? '')
        return OK
      case 'DEL':
        note(key)
        return `:${store.delete(key) ? 1 : 0}\r\n`
      case 'HSET':
        put(`${key}[${value}]`, rest[0] ?? '')
        return ':1\r\n'
      case 'LPUSH':
        note(key)
        return ':1\r\n'
      case 'PING':
        return '+PONG\r\n'
      default:
        return '-ERR unknown command\r\n'
    }
  }

  const served = await serve((socket) => {
    let queue: (readonly string[])[] | undefined
    const answer = (words: readonly string[]): string => {
      const [name] = words
      if (name === 'MULTI') {
        queue = []
        return OK
      }
      if (name === 'EXEC') {
        const queued = queue
        queue = undefined
        if (queued === undefined) return '-ERR EXEC without MULTI\r\n'
        return `*${queued.length}\r\n${queued.map(execute).join('')}`
      }
      if (queue === undefined) return execute(words)
      queue.push(words)
      return '+QUEUED\r\n'
    }
    const reader = new FrameReader({ scanner: resp.scanner('requests'), maxFrameBytes: 1 << 20 })
    socket.on('data', (bytes: Buffer) => {
      reader.read(bytes, {
        frame: (frame) => {
          const words = readRespCommand(frame)?.map(String) ?? []
          if (words.length > 0 && !socket.destroyed) socket.write(answer(words))
        },
        loose: () => socket.destroy(),
      })
    })
    socket.on('end', () => socket.end())
  })
  return { ...served, written, answered }
}
