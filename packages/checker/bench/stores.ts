import type { EventInput } from '@chaosproxy/history'

export interface StoreRun {
  /**
   * `atomic`: one copy. `sc`: one log of writes, which the replica of each process applies with a lag. A write waits
   * until the replica of its own process has applied it. `buffered`: like `sc`, but writes return at once, and reads
   * wait instead. `causal`: replicas apply a write after all writes that it depends on, and the latest stamp wins.
   * `lww`: like `causal`, but without waiting for dependencies.
   */
  readonly store: 'atomic' | 'sc' | 'buffered' | 'causal' | 'lww'
  readonly operations: number
  readonly processes: number
  readonly keys: number
  /** The number of different values that are written; 0 if each write has a value of its own. */
  readonly values: number
  /** The share of operations after which a new process replaces the client, as after an unknown outcome. */
  readonly unknown: number
  /**
   * The contradiction planted at 60% of the run, on separate keys. `buffering`: store buffering. `readers`: independent
   * readers that see two writes in opposite orders. `puzzle`: pairs of writes for which every order is refuted, but
   * only by case distinction.
   */
  readonly planted: 'none' | 'buffering' | 'readers' | 'puzzle'
  readonly seed: number
}

interface Client {
  name: number
  stage: 'idle' | 'called' | 'done'
  isRead: boolean
  key: number
  value: number
  result: number
}

interface Replica {
  /** By key: the value, and the stamp of its write. */
  readonly value: Int32Array
  readonly stamp: Float64Array
  /**
   * `position`: how much of the log the replica has applied. `delivered`: how many writes of each process it has
   * applied.
   */
  position: number
  readonly delivered: Int32Array
  /** The process's own writes that are not in the log yet. */
  readonly buffer: { readonly key: number; readonly value: number }[]
}

interface Write {
  readonly key: number
  readonly value: number
  readonly stamp: number
  readonly needs: Int32Array
}

const WRITES = 0.4
/** The maximum number of writes that a replica lags behind. */
const LAG = 200
const NOTHING = 0

/** Returns the events of the clients of a simulated store. The same seed returns the same events. */
export function simulateStore(run: StoreRun): EventInput[] {
  const { operations, processes, keys } = run
  const random = mulberry32(run.seed)
  const below = (n: number): number => Math.floor(random() * n)
  const replica = (): Replica => ({
    value: new Int32Array(keys),
    stamp: new Float64Array(keys),
    position: 0,
    delivered: new Int32Array(processes),
    buffer: [],
  })
  const replicas = Array.from({ length: processes }, replica)
  const clients: Client[] = replicas.map((_, name) => ({
    name,
    stage: 'idle',
    isRead: false,
    key: 0,
    value: 0,
    result: 0,
  }))
  const log: { readonly key: number; readonly value: number }[] = []
  const sent: Write[][] = replicas.map(() => [])
  const shared = new Int32Array(keys)
  const events: EventInput[] = []
  let clock = 0
  let nextName = processes
  let nextValue = 1
  let started = 0

  const follow = (own: Replica, until: number): void => {
    for (; own.position < until; own.position++) {
      const entry = log[own.position]
      if (entry !== undefined) own.value[entry.key] = entry.value
    }
  }
  const catchUp = (own: Replica): void => {
    const least = Math.max(own.position, log.length - LAG)
    follow(own, least + below(log.length - least + 1))
  }
  const flush = (own: Replica, count: number): void => {
    for (const entry of own.buffer.splice(0, count)) log.push(entry)
  }
  const apply = (own: Replica, write: Write): void => {
    if (write.stamp <= (own.stamp[write.key] ?? 0)) return
    own.stamp[write.key] = write.stamp
    own.value[write.key] = write.value
  }
  const deliver = (own: Replica, me: number): void => {
    for (let tries = 0; tries < processes; tries++) {
      const from = below(processes)
      const next = sent[from]?.[own.delivered[from] ?? 0]
      if (from === me || next === undefined) continue
      const isReady = next.needs.every((count, p) => p === from || (own.delivered[p] ?? 0) >= count)
      if (run.store === 'causal' && !isReady) continue
      own.delivered[from] = (own.delivered[from] ?? 0) + 1
      apply(own, next)
    }
  }
  const takeEffect = (p: number, client: Client, own: Replica): void => {
    const { key, value } = client
    switch (run.store) {
      case 'atomic':
        if (client.isRead) client.result = shared[key] ?? NOTHING
        else shared[key] = value
        return
      case 'sc':
        if (client.isRead) {
          catchUp(own)
          client.result = own.value[key] ?? NOTHING
        } else {
          log.push({ key, value })
          follow(own, log.length)
        }
        return
      case 'buffered':
        if (client.isRead) {
          flush(own, own.buffer.length)
          // The last write in the log may be the process's own or that of another process.
          follow(own, log.length)
          client.result = own.value[key] ?? NOTHING
        } else {
          own.buffer.push({ key, value })
          if (own.buffer.length > 4) flush(own, 1 + below(own.buffer.length))
        }
        return
      default:
        deliver(own, p)
        if (client.isRead) client.result = own.value[key] ?? NOTHING
        else {
          clock++
          const stamp = clock + p / (2 * processes)
          const write = { key, value, stamp, needs: own.delivered.slice() }
          sent[p]?.push(write)
          own.delivered[p] = (own.delivered[p] ?? 0) + 1
          apply(own, write)
        }
    }
  }

  const plantAt = run.planted === 'none' ? Number.POSITIVE_INFINITY : Math.floor(operations * 0.6)
  let planted = false
  for (let busy = 0; started < operations || busy > 0; ) {
    if (started >= plantAt && !planted && busy === 0) {
      planted = true
      events.push(...plant(run.planted, clients))
    }
    const p = below(processes)
    const client = clients[p]
    const own = replicas[p]
    if (client === undefined || own === undefined) throw new Error('there is a client and a replica for each process')
    if (client.stage === 'idle') {
      // The planted contradiction starts only when all clients are idle.
      if (started >= operations || (started >= plantAt && !planted)) continue
      started++
      busy++
      client.isRead = random() >= WRITES
      client.key = below(keys)
      client.value = run.values === 0 ? nextValue++ : 1 + below(run.values)
      client.stage = 'called'
      events.push(eventOf(client, 'invoke', client.isRead ? NOTHING : client.value))
    } else if (client.stage === 'called') {
      takeEffect(p, client, own)
      client.stage = 'done'
    } else {
      busy--
      client.stage = 'idle'
      const isUnknown = random() < run.unknown
      events.push(eventOf(client, isUnknown ? 'info' : 'ok', client.isRead ? client.result : client.value))
      if (isUnknown) client.name = nextName++
    }
  }
  return events
}

const eventOf = ({ name, isRead, key }: Client, type: EventInput['type'], value: number): EventInput => ({
  process: name,
  type,
  f: isRead ? 'read' : 'write',
  key: `k${key}`,
  value: value === NOTHING ? null : value,
})

/**
 * Each row lists the operations of one process: `wx1` writes, `rx1` reads 1, `rx` reads the initial value. Operations
 * run row by row, as in `orders`.
 */
const contradictions: { readonly [kind in StoreRun['planted']]: readonly (readonly string[])[] } = {
  none: [],
  buffering: [
    ['wx1', 'ry'],
    ['wy1', 'rx'],
  ],
  readers: [['wx1'], ['wy1'], ['rx1', 'ry'], ['ry1', 'rx']],
  puzzle: puzzle(),
}

/**
 * The writes of x have two possible orders, and so have the writes of y. Two readers refute each combination. Let p be
 * the first write of x and q the second, s the first write of y and t the second. One reader sees t and then reads p,
 * so t precedes q. The other reader sees q and then reads s, so q precedes t.
 */
function puzzle(): string[][] {
  const rows = [
    ['wx1', 'wa1'],
    ['wx2', 'wb1'],
    ['wy1', 'wc1'],
    ['wy2', 'wd1'],
  ]
  const after: { readonly [write: string]: string } = { x1: 'a', x2: 'b', y1: 'c', y2: 'd' }
  for (const [p, q] of [
    ['x1', 'x2'],
    ['x2', 'x1'],
  ]) {
    for (const [s, t] of [
      ['y1', 'y2'],
      ['y2', 'y1'],
    ]) {
      rows.push([`r${after[t ?? '']}1`, `r${p}`], [`r${after[q ?? '']}1`, `r${s}`])
    }
  }
  return rows
}

function plant(kind: StoreRun['planted'], clients: readonly Client[]): EventInput[] {
  const events: EventInput[] = []
  const rows = contradictions[kind]
  for (let column = 0; rows.some((row) => row[column] !== undefined); column++) {
    for (const [p, row] of rows.entries()) {
      const text = row[column]
      const client = clients[p % clients.length]
      if (text === undefined || client === undefined) continue
      const isRead = text.startsWith('r')
      const value = text.length > 2 ? Number(text.slice(2)) : null
      const common = { process: client.name, f: isRead ? 'read' : 'write', key: `planted ${text.charAt(1)}` }
      events.push({ ...common, type: 'invoke', value: isRead ? null : value }, { ...common, type: 'ok', value })
    }
  }
  return events
}

function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
