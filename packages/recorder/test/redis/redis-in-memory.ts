/** A small server that speaks RESP without sockets, and stores strings by key. `answer` can replace any reply. */
export class RedisInMemory {
  readonly store: Map<string, string> = new Map()
  readonly asked: string[] = []
  readonly #answer: (words: readonly string[]) => string | undefined

  constructor(answer: (words: readonly string[]) => string | undefined = () => undefined) {
    this.#answer = answer
  }

  /** Opens a connection. `receive` returns the replies to the commands that these bytes complete. */
  connect(): { receive(text: string): string } {
    let rest = ''
    return {
      receive: (text) => {
        const { commands, left } = commandsIn(rest + text)
        rest = left
        return commands.map((words) => this.#reply(words)).join('')
      },
    }
  }

  #reply(words: readonly string[]): string {
    const [name = '', key = '', value = ''] = words
    this.asked.push(words.join(' '))
    const made = this.#answer(words)
    if (made !== undefined) return made
    const { store } = this
    const before = store.get(key)
    switch (name.toUpperCase()) {
      case 'GET':
        return bulk(before)
      case 'SET':
        if (words.some((word) => /^nx$/i.test(word)) && before !== undefined) return '$-1\r\n'
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
}

const bulk = (text: string | undefined) =>
  text === undefined ? '$-1\r\n' : `$${Buffer.byteLength(text)}\r\n${text}\r\n`

/** Returns the complete commands in a text, and the rest of the text. A command is an array of strings, or a line. */
function commandsIn(text: string): { readonly commands: readonly (readonly string[])[]; readonly left: string } {
  const commands: (readonly string[])[] = []
  for (let left = text; ; ) {
    left = left.replace(/^[\r\n]+/, '')
    const count = /^\*(\d+)\r\n/.exec(left)
    const pattern =
      count === null ? /^([^*\r\n][^\r\n]*)\r\n/ : new RegExp(`^\\*\\d+\\r\\n(\\$\\d+\\r\\n[^\\r]*\\r\\n){${count[1]}}`)
    const whole = pattern.exec(left)
    if (whole === null) return { commands, left }
    left = left.slice(whole[0].length)
    const words = whole[0].split('\r\n').slice(0, -1)
    commands.push(count === null ? (words[0] ?? '').split(' ') : words.slice(1).filter((_, i) => i % 2 === 1))
  }
}

export const command = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
