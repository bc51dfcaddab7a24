import { defineRecordedProtocol, type Extension } from 'chaosproxy'

// memcached's text protocol: https://github.com/memcached/memcached/blob/master/doc/protocol.txt

/** Keys have at most 250 bytes. */
const LONGEST_LINE = 2_048
const STORAGE = /^(?:set|add|replace|append|prepend|cas) /

/** Returns the number of data bytes after a line, including the line end after the data. */
function dataBytes(line: string): number {
  const place = STORAGE.test(line) ? 4 : line.startsWith('VALUE ') ? 3 : undefined
  return place === undefined ? 0 : Number.parseInt(line.split(' ')[place] ?? '', 10) + 2
}

/** A request is a line followed by its data. A reply is any number of values followed by a line. */
function scanner(direction: 'requests' | 'responses') {
  let line = ''
  let left = 0
  let isLast = true
  return {
    scan(bytes: Buffer, start: number): number {
      for (let at = start; at < bytes.length; ) {
        if (left > 0) {
          const taken = Math.min(left, bytes.length - at)
          left -= taken
          at += taken
        } else {
          const end = bytes.indexOf('\n', at)
          line += bytes.toString('latin1', at, end < 0 ? bytes.length : end)
          if (line.length > LONGEST_LINE) return -2
          if (end < 0) return -1
          left = dataBytes(line)
          if (!(left >= 0)) return -2
          isLast = direction === 'requests' || !line.startsWith('VALUE ')
          line = ''
          at = end + 1
        }
        if (left === 0 && isLast) return at
      }
      return -1
    },
  }
}

/** Splits a message into the words of its first line and the data after that line. */
function partsOf(message: Buffer): { readonly words: readonly string[]; readonly data: string } {
  const text = message.toString()
  const end = text.indexOf('\r\n')
  return { words: text.slice(0, end).split(' '), data: text.slice(end + 2, -2) }
}

export const memcached: Extension = defineRecordedProtocol({
  name: 'memcached',
  port: 11_211,
  model: 'register',
  scanner,
  asked(request) {
    const { words, data } = partsOf(request)
    const [command = '', key = '', ...others] = words
    if (words.at(-1) === 'noreply') throw new Error('a request without an answer')
    const expires = command === 'set' || command === 'add' ? others[1] !== '0' : false
    if (expires) return { passes: `${command} of a value that expires`, touches: { keys: [key] } }
    switch (command) {
      case 'get':
        // A get with two spaces, which no other client sends, is a final read.
        if (key === '') return { f: 'read', key: others[0] ?? '', value: null, harmless: true, final: true }
        if (others.length > 0) return { passes: 'get of several keys', touches: 'nothing' }
        return { f: 'read', key, value: null, harmless: true }
      case 'set':
        return { f: 'write', key, value: data }
      case 'add':
        return { f: 'cas', key, value: [null, data] }
      case 'delete':
        return { f: 'write', key, value: null }
      case 'gets':
      case 'stats':
      case 'version':
      case 'quit':
        return { passes: command, touches: 'nothing' }
      case 'flush_all':
        return { passes: command, touches: 'everything' }
      default:
        return { passes: command, touches: key === '' ? 'everything' : { keys: [key] } }
    }
  },
  answered({ f, value }, reply) {
    const { words, data } = partsOf(reply)
    const [word = ''] = words
    // After SERVER_ERROR for lack of space, the item may have been removed.
    if (word === 'SERVER_ERROR') return { type: 'info', error: words.join(' ') }
    if (word === 'ERROR' || word === 'CLIENT_ERROR') return { type: 'fail', error: words.join(' ') }
    if (f === 'read') return { type: 'ok', value: word === 'VALUE' ? data.slice(0, data.lastIndexOf('\r\nEND')) : null }
    if (word === 'NOT_STORED') return { type: 'fail', error: 'there is a value', answered: true }
    return { type: 'ok', value }
  },
  finalReads: {
    ask: (key) => `get  ${key}\r\n`,
    understood(answer) {
      const { words, data } = partsOf(Buffer.from(answer))
      if (words[0] === 'END') return { type: 'ok', value: null }
      if (words[0] !== 'VALUE') return { type: 'fail', error: words.join(' ') }
      return { type: 'ok', value: data.slice(0, data.lastIndexOf('\r\nEND')) }
    },
  },
})
