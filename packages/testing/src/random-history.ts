import type { EventInput, History, Json } from '@chaosproxy/history'
import { smallHistory } from './small-history.ts'

/** Mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Shape {
  readonly processes: number
  readonly operations: number
  readonly keys: number
  /** The number of different values; 0 if every write has its own. */
  readonly values: number
  readonly cas: boolean
  readonly append?: boolean
  /**
   * `atomic`: one copy. `replicas`: each process reads a copy that lags behind the log of each key. `stale`: a read
   * sometimes returns an earlier value. `scattered`: copies apply the writes in different orders.
   */
  readonly store: 'atomic' | 'replicas' | 'stale' | 'scattered'
  readonly unknown: number
  /** Whether a process calls further operations after an unknown outcome, which makes the history invalid. */
  readonly goesOn?: boolean
  readonly failed: number
  /** The fraction of reads whose result is falsified: replaced by a random value after the store has answered. */
  readonly mutated: number
  readonly finals?: boolean
}

interface Pending {
  readonly process: number
  readonly f: string
  readonly key: number
  readonly value: Json
  effectDone: boolean
  result: 'ok' | 'fail'
  output: Json
}

/** Returns a history of a simulated store with the requested consistency. */
export function randomEvents(shape: Shape, random: () => number): EventInput[] {
  const below = (n: number): number => Math.floor(random() * n)
  const events: EventInput[] = []
  const logs: Json[][] = Array.from({ length: shape.keys }, () => [null])
  const copies = Array.from({ length: shape.processes }, () => logs.map(() => 0))
  const scattered: Json[][] = Array.from({ length: shape.processes }, () => logs.map(() => null))
  const clients: { name: number; open: Pending | undefined }[] = Array.from({ length: shape.processes }, (_, name) => ({
    name,
    open: undefined,
  }))
  let nextName = shape.processes
  let nextValue = 1
  let invoked = 0
  const value = (): Json => (shape.values === 0 ? nextValue++ : 1 + below(shape.values))
  const keyName = (key: number): { key?: string } => (shape.keys === 1 ? {} : { key: `k${key}` })
  const late: { client: number; pending: Pending }[] = []

  const current = (client: number, key: number): Json => {
    const log = logs[key]!
    if (shape.store === 'replicas') {
      const copy = copies[client]!
      // A copy may lag behind the logs of different keys by different numbers of writes, so it need not be a consistent
      // cut.
      return log[Math.min(copy[key]!, log.length - 1)]!
    }
    if (shape.store === 'scattered') return scattered[client]![key]!
    if (shape.store === 'stale' && random() < 0.3) return log[below(log.length)]!
    return log[log.length - 1]!
  }
  const effect = (client: number, pending: Pending): void => {
    pending.effectDone = true
    const log = logs[pending.key]!
    const see = (): void => {
      copies[client]![pending.key] = log.length - 1
      scattered[client]![pending.key] = log[log.length - 1]!
      if (random() < 0.6) for (const copy of scattered) if (random() < 0.5) copy[pending.key] = log[log.length - 1]!
    }
    if (pending.f === 'read') pending.output = current(client, pending.key)
    else if (pending.f === 'write') {
      log.push(pending.value)
      see()
    } else if (pending.f === 'append') {
      log.push(`${log[log.length - 1] ?? ''}${pending.value}`)
      see()
    } else {
      const [from, to] = pending.value as [Json, Json]
      if (log[log.length - 1] === from) {
        log.push(to)
        see()
      } else pending.result = 'fail'
    }
  }

  let idle = 0
  while (
    (invoked < shape.operations || clients.some(({ open }) => open !== undefined)) &&
    idle < 200 * shape.operations + 10_000
  ) {
    idle++
    const c = below(clients.length)
    const client = clients[c]!
    if (random() < 0.4) {
      const copy = copies[below(copies.length)]!
      const k = below(shape.keys)
      if (copy[k]! < logs[k]!.length - 1) copy[k]!++
    }
    if (late.length > 0 && random() < 0.2) {
      const [{ client: of, pending }] = late.splice(below(late.length), 1) as [(typeof late)[number]]
      if (random() < 0.7) effect(of, pending)
    }
    const { open } = client
    if (open === undefined) {
      if (invoked >= shape.operations) continue
      invoked++
      const r = random()
      const f = r < 0.45 ? 'read' : shape.append && r < 0.8 ? 'append' : shape.cas && r < 0.75 ? 'cas' : 'write'
      const key = below(shape.keys)
      const text = (json: Json): Json => (shape.append ? `v${json} ` : json)
      const input =
        f === 'read'
          ? null
          : f === 'cas'
            ? [random() < 0.7 ? logs[key]!.at(-1)! : text(below(4)), text(value())]
            : text(value())
      client.open = { process: client.name, f, key, value: input, effectDone: false, result: 'ok', output: null }
      events.push({ process: client.name, type: 'invoke', f, value: input, ...keyName(key) })
      continue
    }
    if (!open.effectDone) {
      const r = random()
      if (r < shape.failed) {
        events.push({ process: open.process, type: 'fail', f: open.f, value: open.value, ...keyName(open.key) })
        client.open = undefined
      } else if (r < shape.failed + shape.unknown) {
        if (shape.goesOn === true || random() < 0.7)
          events.push({ process: open.process, type: 'info', f: open.f, value: open.value, ...keyName(open.key) })
        late.push({ client: c, pending: open })
        if (shape.goesOn !== true) client.name = nextName++
        client.open = undefined
      } else effect(c, open)
      continue
    }
    if (random() < 0.5) continue
    let output = open.f === 'read' ? open.output : open.value
    if (open.f === 'read' && random() < shape.mutated) {
      const log = logs[open.key]!
      output = random() < 0.1 ? (shape.append ? 'odd' : 99) : log[below(log.length)]!
    }
    events.push({ process: open.process, type: open.result, f: open.f, value: output, ...keyName(open.key) })
    client.open = undefined
  }
  if (shape.finals) addFinalReads(events, shape, { logs, copies, scattered, below, nextName, keyName })
  return events
}

function addFinalReads(
  events: EventInput[],
  shape: Shape,
  store: {
    readonly logs: Json[][]
    readonly copies: number[][]
    readonly scattered: Json[][]
    readonly below: (n: number) => number
    readonly nextName: number
    readonly keyName: (key: number) => { key?: string }
  },
): void {
  const { logs, scattered, below, nextName, keyName } = store
  let name = nextName
  for (let key = 0; key < shape.keys; key++) {
    for (let node = 0; node < 2; node++) {
      const log = logs[key]!
      const value =
        shape.store === 'scattered' ? scattered[node]![key]! : below(4) === 0 ? log[below(log.length)]! : log.at(-1)!
      const common = { process: name++, f: 'read', node: `n${node + 1}`, ...keyName(key) }
      events.push({ ...common, type: 'invoke', value: null, final: true }, { ...common, type: 'ok', value })
    }
  }
}

export const randomHistory = (shape: Shape, random: () => number): History => smallHistory(randomEvents(shape, random))
