import { closeSync, openSync, writeSync } from 'node:fs'

export interface TransactionShape {
  readonly transactions: number
  /**
   * Whether to add two transactions with write skew: each reads the key that the other appends to, and neither sees the
   * other's append.
   */
  readonly hasSkew: boolean
}

const CLIENTS = 10
const ACTIVE_KEYS = 10
const APPENDS_PER_KEY = 32
const MOST_MICRO_OPERATIONS = 5
/** The share of transactions that are never answered. Half of them take effect. */
const UNANSWERED = 0.01

const BUFFER_CHARACTERS = 1 << 20

type Micro = readonly [kind: 'append' | 'r', key: number, value: number | readonly number[] | null]

/** `due`: the next step of the transaction; `at`: the time of this step. */
interface Client {
  process: number
  at: number
  due: 'invoke' | 'apply' | 'answer'
  requested: readonly Micro[]
  done: readonly Micro[]
  isAnswered: boolean
}

/**
 * Writes a list-append history of a store that applies each transaction atomically. The history is strictly
 * serializable, unless `hasSkew` adds a write skew.
 */
export function generateTransactions(path: string, { transactions, hasSkew }: TransactionShape): void {
  const lines = new Lines(path)
  const store = new Store()
  const clients = Array.from(
    { length: CLIENTS },
    (_, process): Client => ({ process, at: delay(1e3), due: 'invoke', requested: [], done: [], isAnswered: true }),
  )
  for (let begun = 0, ended = 0; ended < transactions; ) {
    const able = clients.filter(({ due }) => due !== 'invoke' || begun < transactions)
    const client = able.reduce((first, each) => (each.at < first.at ? each : first))
    switch (client.due) {
      case 'invoke':
        if (begun++ === transactions >> 1 && hasSkew) writeSkew(lines, store, client.at)
        client.requested = store.next()
        lines.write(client.at, client.process, 'invoke', client.requested)
        client.due = 'apply'
        break
      case 'apply':
        client.isAnswered = random() >= UNANSWERED
        if (client.isAnswered || random() < 0.5) client.done = store.apply(client.requested)
        client.due = 'answer'
        break
      case 'answer':
        if (client.isAnswered) lines.write(client.at, client.process, 'ok', client.done)
        else {
          lines.write(client.at, client.process, 'info', client.requested)
          client.process += CLIENTS
        }
        ended += 1
        client.due = 'invoke'
        break
      default:
        client.due satisfies never
    }
    client.at += delay(client.due === 'apply' || client.due === 'answer' ? 5e5 : 1e3)
  }
  lines.close()
}

/** High enough that no other client has this process number. */
const SKEWED_PROCESS = 1e6

function writeSkew(lines: Lines, store: Store, at: number): void {
  const [x, y] = [store.freshKey(), store.freshKey()]
  const micros = (seen: readonly number[] | null): readonly (readonly Micro[])[] => [
    [
      ['r', x, seen],
      ['append', y, 1],
    ],
    [
      ['r', y, seen],
      ['append', x, 1],
    ],
  ]
  for (const [n, requested] of micros(null).entries()) lines.write(at, SKEWED_PROCESS + n, 'invoke', requested)
  for (const [n, done] of micros([]).entries()) lines.write(at, SKEWED_PROCESS + n, 'ok', done)
  const reads = (seen: readonly number[] | null): readonly Micro[] => [
    ['r', x, seen],
    ['r', y, seen],
  ]
  lines.write(at, SKEWED_PROCESS + 2, 'invoke', reads(null))
  lines.write(at, SKEWED_PROCESS + 2, 'ok', reads([1]))
}

/** Lists by key. After some appends, a new key replaces a key, so that lists stay short. */
class Store {
  readonly #lists = new Map<number, number[]>()
  readonly #active = Array.from({ length: ACTIVE_KEYS }, (_, key) => ({ key, appends: 0 }))
  #nextKey = ACTIVE_KEYS

  freshKey(): number {
    this.#nextKey += 1
    return this.#nextKey - 1
  }

  next(): readonly Micro[] {
    return Array.from({ length: 1 + below(MOST_MICRO_OPERATIONS) }, (): Micro => {
      const place = below(ACTIVE_KEYS)
      const active = this.#active[place]
      if (active === undefined) throw new Error('the place is below the number of active keys')
      if (random() < 0.5) return ['r', active.key, null]
      active.appends += 1
      if (active.appends === APPENDS_PER_KEY) this.#active[place] = { key: this.freshKey(), appends: 0 }
      return ['append', active.key, active.appends]
    })
  }

  apply(requested: readonly Micro[]): readonly Micro[] {
    return requested.map(([kind, key, value]): Micro => {
      const list = this.#lists.get(key) ?? []
      this.#lists.set(key, list)
      if (kind === 'r') return [kind, key, [...list]]
      list.push(Number(value))
      return [kind, key, value]
    })
  }
}

class Lines {
  readonly #file: number
  #text = ''

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  write(time: number, process: number, type: 'invoke' | 'ok' | 'info', value: readonly Micro[]): void {
    this.#text += `${JSON.stringify({ process, type, f: 'txn', value, time })}\n`
    if (this.#text.length >= BUFFER_CHARACTERS) this.#flush()
  }

  close(): void {
    this.#flush()
    closeSync(this.#file)
  }

  #flush(): void {
    writeSync(this.#file, this.#text)
    this.#text = ''
  }
}

let seed = 7

function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

const below = (limit: number): number => Math.floor(random() * limit)

const delay = (mean: number): number => 1 + Math.floor(-Math.log(1 - random()) * mean)
