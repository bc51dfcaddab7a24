import type { Socket } from 'node:net'
import { serve } from './sockets.ts'

/**
 * A small server that speaks RESP, for where there is no Redis: strings by key, transactions that are only queued,
 * subscriptions, and whatever `answer` says instead.
 */
export async function serveResp(answer: (words: readonly string[]) => string | undefined = () => undefined) {
  const store = new Map<string, string>()
  const asked: string[] = []
  const reply = (words: readonly string[]): string => {
    const [name = '', key = '', value = ''] = words
    asked.push(words.join(' '))
    const made = answer(words)
    if (made !== undefined) return made
    const before = store.get(key)
    switch (name.toUpperCase()) {
      case 'GET':
        return bulk(before)
      case 'SET':
        if (words.includes('NX') && before !== undefined) return '$-1\r\n'
        store.set(key, value)
        return '+OK\r\n'
      case 'SETNX':
        if (before === undefined) store.set(key, value)
        return `:${before === undefined ? 1 : 0}\r\n`
      case 'DEL':
        return `:${store.delete(key) ? 1 : 0}\r\n`
      case 'INCR':
        store.set(key, String(Number(before ?? 0) + 1))
        return `:${store.get(key)}\r\n`
      case 'APPEND':
        store.set(key, (before ?? '') + value)
        return `:${store.get(key)?.length}\r\n`
      case 'SELECT':
        return key === '1' ? '+OK\r\n' : '-ERR DB index is out of range\r\n'
      default:
        return '-ERR unknown command\r\n'
    }
  }
  const served = await serve((socket) => readCommands(socket, (words) => socket.write(reply(words))))
  return { ...served, store, asked }
}

const bulk = (text: string | undefined) =>
  text === undefined ? '$-1\r\n' : `$${Buffer.byteLength(text)}\r\n${text}\r\n`

/** Arrays of strings that arrive whole, or lines: all that the tests send. */
function readCommands(socket: Socket, command: (words: readonly string[]) => void): void {
  let rest = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    rest += text
    for (;;) {
      rest = rest.replace(/^[\r\n]+/, '')
      const count = /^\*(\d+)\r\n/.exec(rest)
      const pattern =
        count === null
          ? /^([^*\r\n][^\r\n]*)\r\n/
          : new RegExp(`^\\*\\d+\\r\\n(\\$\\d+\\r\\n[^\\r]*\\r\\n){${count[1]}}`)
      const whole = pattern.exec(rest)
      if (whole === null) return
      rest = rest.slice(whole[0].length)
      const words = whole[0].split('\r\n').slice(0, -1)
      command(count === null ? (words[0] ?? '').split(' ') : words.slice(1).filter((_, i) => i % 2 === 1))
    }
  })
  socket.on('end', () => socket.end())
}

export const command = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
