import { type EventInput, type History, HistoryBuilder, type Json } from '@chaosproxy/history'

/** A history of clients of one atomic object. Each operation takes effect when its client is next scheduled. */
export interface ObjectWorkload {
  readonly operations: number
  readonly clients: number
  /** The share of operations of unknown outcome. A new process replaces the client of such an operation. */
  readonly unknown: number
  readonly seed: number
}

export interface Atomic {
  readonly ask: (random: () => number, client: number) => { readonly f: string; readonly value: Json }
  /** Undefined: it fails. */
  readonly apply: (f: string, value: Json, client: number) => Json | undefined
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const objects: { readonly [name: string]: () => Atomic } = {
  queue: () => {
    const messages: number[] = []
    let head = 0
    let next = 1
    return {
      ask: (random) => (random() < 0.52 ? { f: 'enqueue', value: next++ } : { f: 'dequeue', value: null }),
      apply: (f, value) => {
        if (f === 'dequeue') return head < messages.length ? messages[head++] : null
        messages.push(Number(value))
        return value
      },
    }
  },
  bag: () => {
    const messages: number[] = []
    let next = 1
    return {
      ask: (random) => (random() < 0.52 ? { f: 'enqueue', value: next++ } : { f: 'dequeue', value: null }),
      apply: (f, value) => {
        if (f === 'dequeue') return messages.pop() ?? null
        messages.push(Number(value))
        return value
      },
    }
  },
  // Reads of growing sets are long, so only one operation in five hundred is a read.
  set: () => {
    const elements: number[] = []
    let next = 1
    return {
      ask: (random) => (random() < 0.998 ? { f: 'add', value: next++ } : { f: 'read', value: null }),
      apply: (f, value) => {
        if (f === 'read') return elements.slice()
        elements.push(Number(value))
        return value
      },
    }
  },
  'set of a thousand, with removals': () => {
    const elements = new Set<number>()
    return {
      ask: (random) => {
        const draw = random()
        const f = draw < 0.4 ? 'add' : draw < 0.7 ? 'remove' : 'contains'
        return { f, value: Math.floor(random() * 1000) }
      },
      apply: (f, value) => {
        if (f === 'contains') return elements.has(Number(value))
        if (f === 'add') elements.add(Number(value))
        else elements.delete(Number(value))
        return value
      },
    }
  },
  counter: () => {
    let count = 0
    return {
      ask: (random) => (random() < 0.5 ? { f: 'add', value: 1 } : { f: 'read', value: null }),
      apply: (f, value) => {
        if (f === 'read') return count
        count += Number(value)
        return value
      },
    }
  },
  'counter of unequal steps': () => {
    let count = 0
    return {
      ask: (random) =>
        random() < 0.5 ? { f: 'add', value: 1 + Math.floor(random() * 5) } : { f: 'read', value: null },
      apply: (f, value) => {
        if (f === 'read') return count
        count += Number(value)
        return value
      },
    }
  },
  lock: () => {
    let holder = -1
    let token = 0
    const holds = new Set<number>()
    return {
      ask: (_, client) => ({ f: holds.has(client) ? 'release' : 'acquire', value: null }),
      apply: (f, _, client) => {
        if (f === 'acquire') {
          if (holder !== -1) return undefined
          holder = client
          holds.add(client)
          return ++token
        }
        holder = -1
        holds.delete(client)
        return null
      },
    }
  },
  'list-append': () => {
    const list: number[] = []
    let next = 1
    return {
      ask: (random) => (random() < 0.998 ? { f: 'append', value: next++ } : { f: 'read', value: null }),
      apply: (f, value) => {
        if (f === 'read') return list.slice()
        list.push(Number(value))
        return value
      },
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
    }
  },
  bank: () => bankOf({ opening: 100, most: 5 }),
  'unique-ids': () => {
    let next = 1
    return { ask: () => ({ f: 'generate', value: null }), apply: () => next++ }
  },
}

/** Three accounts. A transfer between two of them moves at most `most`. */
export function bankOf({ opening, most }: { readonly opening: number; readonly most: number }): Atomic {
  const balances: { [account: string]: number } = { a: opening, b: opening, c: opening }
  const names = Object.keys(balances)
  return {
    ask: (random) => {
      if (random() < 0.5) return { f: 'read', value: null }
      const from = Math.floor(random() * 3)
      const to = (from + 1 + Math.floor(random() * 2)) % 3
      return {
        f: 'transfer',
        value: { from: names[from] ?? '', to: names[to] ?? '', amount: 1 + Math.floor(random() * most) },
      }
    },
    apply: (f, value) => {
      if (f === 'read') return { ...balances }
      const { from, to, amount } = value as { readonly from: string; readonly to: string; readonly amount: number }
      if ((balances[from] ?? 0) < amount) return undefined
      balances[from] = (balances[from] ?? 0) - amount
      balances[to] = (balances[to] ?? 0) + amount
      return value
    },
  }
}

export function generateObjectHistory(name: string, workload: ObjectWorkload): History {
  const atomic = objects[name]?.()
  if (atomic === undefined) throw new Error(`there is no object ${name}`)
  return generateHistoryOf(atomic, workload)
}

export function generateHistoryOf(atomic: Atomic, workload: ObjectWorkload): History {
  const builder = new HistoryBuilder({ expectedOperations: workload.operations })
  generateObjectEvents(atomic, workload, (event) => builder.event(event))
  return builder.build()
}

/** Like `generateObjectHistory`, but emits one event at a time. */
export function generateObjectEvents(
  atomic: Atomic,
  workload: ObjectWorkload,
  take: (event: EventInput) => void,
): void {
  const random = randomFrom(workload.seed)
  const clients = Array.from({ length: workload.clients }, (_, process) => ({
    process,
    f: '',
    value: null as Json,
    output: undefined as Json | undefined,
    stage: 0,
  }))
  let nextProcess = workload.clients
  let invoked = 0
  let open = 0
  const event = (process: number, type: EventInput['type'], f: string, value: Json): void =>
    take({ process, type, f, value })
  while (invoked < workload.operations || open > 0) {
    const client = clients[Math.floor(random() * clients.length)]
    if (client === undefined || (client.stage === 0 && invoked >= workload.operations)) continue
    if (client.stage === 0) {
      const { f, value } = atomic.ask(random, client.process)
      Object.assign(client, { f, value, stage: 1 })
      event(client.process, 'invoke', f, value)
      invoked++
      open++
    } else if (client.stage === 1) {
      client.output = atomic.apply(client.f, client.value, client.process)
      client.stage = 2
    } else {
      client.stage = 0
      open--
      if (random() < workload.unknown && client.f !== 'release' && client.f !== 'acquire') {
        event(client.process, 'info', client.f, client.value)
        client.process = nextProcess++
      } else if (client.output === undefined) event(client.process, 'fail', client.f, client.value)
      else event(client.process, 'ok', client.f, client.output)
    }
  }
}
