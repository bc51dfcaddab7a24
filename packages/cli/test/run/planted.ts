import { closeSync, openSync, writeSync } from 'node:fs'
import type { Level } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'

// Histories of a million operations. All operations agree with a single copy of the data, except for a few in the
// middle, which violate one level.

/** One operation of a client: its input and its output. */
type Step = readonly [process: number, f: string, input: Json, output: Json, key?: string, final?: boolean]

/**
 * Parses one operation per process: `wx1` writes 1 to x, `rx1` reads 1, `rx` reads nothing, and `fx1` is a final read
 * of 1.
 */
const registers = (...texts: readonly (readonly [process: number, text: string])[]): readonly Step[] =>
  texts.map(([process, text]) => {
    const value = text.length > 2 ? Number(text.slice(2)) : null
    const key = `planted ${text.charAt(1)}`
    if (text.startsWith('w')) return [process, 'write', value, value, key]
    return [process, 'read', null, value, key, text.startsWith('f')]
  })

/** For each level, the smallest history that violates it. */
export const plants: { readonly [level in Level]: readonly Step[] } = {
  linearizable: registers([1, 'wx1'], [1, 'wx2'], [2, 'rx1']),
  sequential: registers([1, 'wx1'], [2, 'wy1'], [1, 'ry'], [2, 'rx']),
  causal: registers([1, 'wx1'], [1, 'wx2'], [2, 'rx2'], [2, 'wy1'], [3, 'ry1'], [3, 'rx1']),
  'causal-memory': registers([2, 'wx2'], [2, 'rz'], [1, 'wz1'], [1, 'wx1'], [1, 'wy1'], [2, 'ry1'], [2, 'rx2']),
  'causal-convergence': registers([1, 'wx1'], [2, 'wx2'], [1, 'rx2'], [2, 'rx1']),
  pram: registers([1, 'wx1'], [1, 'wx2'], [2, 'rx2'], [2, 'rx1']),
  session: registers([1, 'wx1'], [1, 'wy1'], [2, 'ry1'], [2, 'rx']),
  'read-your-writes': registers([1, 'wx1'], [1, 'rx']),
  'monotonic-reads': registers([1, 'wx1'], [2, 'wx2'], [3, 'rx1'], [3, 'rx2'], [3, 'rx1']),
  'monotonic-writes': registers([1, 'rx7']),
  'writes-follow-reads': registers([1, 'rx1'], [1, 'wy1'], [2, 'ry1'], [2, 'wx1']),
  eventual: registers([1, 'wx1'], [1, 'wx2'], [1, 'fx1'], [2, 'fx1']),
  convergent: registers([1, 'wx1'], [1, 'wx2'], [1, 'fx1'], [2, 'fx2']),
}

interface Simulated {
  readonly initial?: Json
  /** Chooses a new operation, and its key if there are several objects. */
  readonly ask: (
    random: () => number,
    client: number,
  ) => { readonly f: string; readonly value: Json; readonly key?: number }
  /** Undefined: it fails. */
  readonly apply: (f: string, value: Json, client: number, key: number) => Json | undefined
  readonly planted: () => readonly Step[]
}

const KEYS = 1_000

const lists = (): number[][] => Array.from({ length: KEYS }, () => [])

/**
 * For each model, a correct object, and operations that violate the model. The operations for registers are in
 * `plants`, one history for each level.
 */
export const objects: { readonly [model: string]: () => Simulated } = {
  register: () => {
    const held: Json[] = Array.from({ length: 10 }, () => null)
    let next = 1
    return {
      ask: (random) => {
        const key = Math.floor(random() * held.length)
        return random() < 0.5 ? { f: 'read', value: null, key } : { f: 'write', value: next++, key }
      },
      apply: (f, value, _, key) => {
        if (f === 'read') return held[key]
        held[key] = value
        return value
      },
      planted: () => [],
    }
  },
  counter: () => {
    let count = 0
    return {
      ask: (random) => (random() < 0.5 ? { f: 'add', value: 1 } : { f: 'read', value: null }),
      apply: (f) => (f === 'read' ? count : ++count && 1),
      planted: () => [[5_000, 'read', null, count - 1]],
    }
  },
  queue: () => {
    const messages: number[] = []
    let head = 0
    let next = 1
    return {
      ask: (random) => (random() < 0.52 ? { f: 'enqueue', value: next++ } : { f: 'dequeue', value: null }),
      apply: (f, value) => {
        if (f === 'dequeue') return messages[head] === undefined ? null : (messages[head++] ?? null)
        messages.push(Number(value))
        return value
      },
      planted: () => [[5_000, 'dequeue', null, 500_000_000]],
    }
  },
  set: () => {
    const sets = lists()
    let next = 1
    return {
      ask: (random) => {
        const key = Math.floor(random() * KEYS)
        return random() < 0.95 ? { f: 'add', value: next++, key } : { f: 'read', value: null, key }
      },
      apply: (f, value, _, key) => {
        if (f === 'read') return sets[key]?.slice() ?? []
        sets[key]?.push(Number(value))
        return value
      },
      planted: () => [
        [5_000, 'add', 7, 7, 'planted'],
        [5_000, 'read', null, [], 'planted'],
      ],
    }
  },
  'list-append': () => {
    const all = lists()
    let next = 1
    return {
      ask: (random) => {
        const key = Math.floor(random() * KEYS)
        return random() < 0.95 ? { f: 'append', value: next++, key } : { f: 'read', value: null, key }
      },
      apply: (f, value, _, key) => {
        if (f === 'read') return all[key]?.slice() ?? []
        all[key]?.push(Number(value))
        return value
      },
      planted: () => [
        [5_000, 'append', 7, 7, 'planted'],
        [5_000, 'read', null, [], 'planted'],
      ],
    }
  },
  bank: () => {
    const names = ['a', 'b', 'c']
    const balances: { [name: string]: number } = { a: 100, b: 100, c: 100 }
    return {
      initial: { ...balances },
      ask: (random) => {
        if (random() < 0.5) return { f: 'read', value: null }
        const from = Math.floor(random() * 3)
        const amount = 1 + Math.floor(random() * 5)
        return { f: 'transfer', value: { from: names[from] ?? '', to: names[(from + 1) % 3] ?? '', amount } }
      },
      apply: (f, value) => {
        if (f === 'read') return { ...balances }
        const { from, to, amount } = value as { readonly from: string; readonly to: string; readonly amount: number }
        if ((balances[from] ?? 0) < amount) return undefined
        balances[from] = (balances[from] ?? 0) - amount
        balances[to] = (balances[to] ?? 0) + amount
        return value
      },
      planted: () => [[5_000, 'read', null, { ...balances, a: (balances['a'] ?? 0) + 1 }]],
    }
  },
  lock: () => {
    let holder = -1
    return {
      ask: (_, client) => ({ f: holder === client ? 'release' : 'acquire', value: null }),
      apply: (f, _, client) => {
        if (f === 'release') holder = -1
        else if (holder === -1) holder = client
        else return undefined
        return null
      },
      planted: () => [
        [5_000, 'acquire', null, null],
        [5_001, 'acquire', null, null],
      ],
    }
  },
  log: () => {
    const entries: number[] = []
    let next = 1
    return {
      ask: (random) =>
        random() < 0.5
          ? { f: 'append', value: next++ }
          : { f: 'read', value: { offset: Math.max(0, entries.length - 10), limit: 10 } },
      apply: (f, value) => {
        if (f === 'append') return [entries.push(Number(value)) - 1, value]
        const { offset, limit } = value as { readonly offset: number; readonly limit: number }
        return entries.slice(offset, offset + limit)
      },
      planted: () => [[5_000, 'append', -1, [entries.length - 1, -1]]],
    }
  },
  'unique-ids': () => {
    let next = 1
    return {
      ask: () => ({ f: 'generate', value: null }),
      apply: () => next++,
      planted: () => [[5_000, 'generate', null, 7]],
    }
  },
}

export interface Planted {
  readonly model: string
  /** The violated level. */
  readonly level: Level
  readonly operations: number
  readonly file: string
}

const CLIENTS = 10

/** Writes a history with this many operations and the violation in the middle. */
export function writePlanted({ model, level, operations, file }: Planted): void {
  const object = objects[model]?.()
  if (object === undefined) throw new Error(`there is no ${model}`)
  const random = randomFrom(7)
  const lines = createLines(file)
  lines.say({ chaos: 1, model, initial: object.initial ?? null })
  let time = 0
  const event = (
    process: number,
    type: string,
    f: string,
    value: Json,
    more: { readonly [member: string]: Json } = {},
  ) => {
    time += 1_000
    lines.say({ time, process, type, f, value, ...more })
  }
  const play = (steps: readonly Step[]): void => {
    for (const [process, f, input, output, key, final] of steps) {
      const more = key === undefined ? {} : { key }
      event(process, 'invoke', f, input, final === true ? { ...more, final } : more)
      event(process, 'ok', f, output, more)
    }
  }
  const steps = (model === 'register' ? plants[level] : object.planted()).map(
    (step): Step => (model === 'register' ? ([step[0] + 5_000, ...step.slice(1)] as unknown as Step) : step),
  )
  const clients = Array.from({ length: CLIENTS }, () => ({
    stage: 0,
    f: '',
    value: null as Json,
    key: -1,
    output: null as Json | undefined,
  }))
  let started = 0
  let open = 0
  const half = operations >> 1
  let isPlanted = false
  while (started < operations || open > 0) {
    if (started >= half && !isPlanted && open === 0) {
      isPlanted = true
      play((model === 'register' ? steps : object.planted()).filter((step) => step[5] !== true))
    }
    const number = Math.floor(random() * CLIENTS)
    const client = clients[number]
    if (client === undefined) continue
    const more = client.key === -1 ? {} : { key: `k${client.key}` }
    if (client.stage === 0) {
      if (started >= operations || (started >= half && !isPlanted)) continue
      const { f, value, key = -1 } = object.ask(random, number)
      Object.assign(client, { f, value, key, stage: 1 })
      started++
      open++
      event(number, 'invoke', f, value, key === -1 ? {} : { key: `k${key}` })
    } else if (client.stage === 1) {
      client.output = object.apply(client.f, client.value, number, client.key)
      client.stage = 2
    } else {
      client.stage = 0
      open--
      if (client.output === undefined) event(number, 'fail', client.f, client.value, more)
      else event(number, 'ok', client.f, client.output, more)
    }
  }
  play(steps.filter((step) => step[5] === true))
  lines.end()
}

function createLines(file: string): { readonly say: (line: Json) => void; readonly end: () => void } {
  const descriptor = openSync(file, 'w')
  let waiting: string[] = []
  const flush = (): void => {
    writeSync(descriptor, `${waiting.join('\n')}\n`)
    waiting = []
  }
  return {
    say: (line) => {
      if (waiting.push(JSON.stringify(line)) === 20_000) flush()
    },
    end: () => {
      flush()
      closeSync(descriptor)
    },
  }
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
