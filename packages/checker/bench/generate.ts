import type { EventInput, Json } from '@chaosproxy/history'

export interface Workload {
  readonly model: 'register' | 'cas' | 'kv'
  readonly operations: number
  readonly clients: number
  /** How many different values are written; 0 for distinct ones. */
  readonly values: number
  /** Share of operations whose outcome stays unknown. */
  readonly unknown: number
  readonly keys: number
  /** The position of the stale read, as a share of the history; 0 for no stale read. */
  readonly staleAt: number
  readonly seed: number
}

interface Operation {
  readonly client: number
  readonly process: number
  readonly f: string
  readonly key: string | undefined
  readonly input: Json
  readonly unknown: boolean
  output: Json
  failed: boolean
  readonly call: number
  return: number
  effect: number
}

const CALL = 0
const EFFECT = 1
const RETURN = 2

/**
 * Returns the history of an atomic object under concurrent clients. Every operation takes effect at a random instant
 * between its call and its return, so the history is linearizable. With `staleAt`, one read is then made stale. The
 * same seed gives the same history. The random choices are made in the same order as in the generator of the reference
 * histories (see `checker.bench.ts`).
 */
export function generate(workload: Workload): EventInput[] {
  const { operations, events, last } = simulate(workload)
  if (workload.staleAt > 0) plantStaleRead(workload, operations)
  const inputs: EventInput[] = []
  for (const [operation, kind] of events) {
    const isRead = operation.f === 'read' || operation.f === 'get'
    inputs.push({
      process: operation.process,
      type: kind === CALL ? 'invoke' : operation.failed ? 'fail' : 'ok',
      f: operation.f,
      key: operation.key,
      value: kind === RETURN && isRead ? operation.output : operation.input,
      time: kind === CALL ? operation.call : operation.return,
    })
  }
  for (const { process, f, key, input, unknown } of operations) {
    if (unknown) inputs.push({ process, type: 'info', f, key, value: input, time: last + 1 })
  }
  return inputs
}

function simulate(workload: Workload): {
  readonly operations: Operation[]
  readonly events: [Operation, number][]
  readonly last: number
} {
  const { model, clients, values, keys } = workload
  const random = mulberry32(workload.seed)
  const queue = new TimeQueue<Operation | undefined>()
  const state = new Map<string | undefined, Json>()
  const read = (key: string | undefined): Json => state.get(key) ?? (model === 'kv' ? '' : null)
  let unique = 0
  const value = (): number => (values > 0 ? Math.floor(random() * values) : unique++)
  const operations: Operation[] = []
  const events: [Operation, number][] = []
  const processes: number[] = []
  let nextProcess = clients
  for (let client = 0; client < clients; client++) {
    processes[client] = client
    queue.push(random() * 1000, CALL, client, undefined)
  }
  let last = -1
  const tick = (time: number): number => {
    last = Math.max(Math.ceil(time), last + 1)
    return last
  }
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    const { time, kind, client, item } = entry
    if (kind === CALL) {
      if (operations.length >= workload.operations) continue
      const r = random()
      let f = 'read'
      let input: Json = null
      let key: string | undefined
      if (model === 'kv') {
        key = `k${Math.floor(random() * keys)}`
        f = r < 0.5 ? 'get' : r < 0.9 ? 'append' : 'put'
        if (f !== 'get') input = `${f === 'append' ? 'a' : 'p'}${unique++} `
      } else if (model === 'cas' && r >= 0.7) {
        f = 'cas'
        input = [values > 0 ? value() : Math.max(0, unique - 1 - Math.floor(random() * 2)), value()]
      } else if (r >= (model === 'cas' ? 0.4 : 0.5)) {
        f = 'write'
        input = value()
      }
      const isUnknown = random() < workload.unknown
      const operation: Operation = {
        client,
        process: processes[client] ?? client,
        f,
        key,
        input,
        unknown: isUnknown,
        output: null,
        failed: false,
        call: tick(time),
        return: Number.POSITIVE_INFINITY,
        effect: Number.POSITIVE_INFINITY,
      }
      operations.push(operation)
      events.push([operation, CALL])
      const duration = 200 + random() * 1800
      const end = last + duration
      if (isUnknown) {
        if (random() < 0.5)
          queue.push(last + random() * duration * (random() < 0.2 ? 50 : 1), EFFECT, client, operation)
        processes[client] = nextProcess++
        queue.push(last + duration, CALL, client, undefined)
      } else {
        queue.push(last + random() * duration, EFFECT, client, operation)
        queue.push(end, RETURN, client, operation)
      }
    } else if (item !== undefined && kind === EFFECT) {
      const now = read(item.key)
      item.effect = time
      if (item.f === 'read' || item.f === 'get') item.output = now
      else if (item.f === 'append') state.set(item.key, `${now}${item.input}`)
      else if (item.f === 'cas') {
        const [from, to] = item.input as [Json, Json]
        if (now === from) state.set(item.key, to)
        else item.failed = true
      } else state.set(item.key, item.input)
    } else if (item !== undefined) {
      item.return = tick(time)
      events.push([item, RETURN])
      queue.push(last + random() * 20, CALL, client, undefined)
    }
  }
  return { operations, events, last }
}

/** Makes one read return a value that had certainly been overwritten before the read was called. */
function plantStaleRead({ model, operations: count, staleAt }: Workload, operations: readonly Operation[]): void {
  const isRead = ({ f }: Operation): boolean => f === 'read' || f === 'get'
  const written = ({ f, input }: Operation): Json => (f === 'cas' ? (input as [Json, Json])[1] : input)
  for (let i = Math.floor(count * staleAt); i < operations.length; i++) {
    const stale = operations[i]
    if (stale === undefined || !isRead(stale) || stale.unknown) continue
    const writers = operations.filter((o) => !isRead(o) && o.key === stale.key && !(o.failed && !o.unknown))
    if (model === 'kv') {
      const since = Math.max(-1, ...writers.filter((w) => w.return < stale.call).map((w) => w.call))
      const done = writers.filter((w) => w.effect < Number.POSITIVE_INFINITY).sort((a, b) => a.effect - b.effect)
      const until = done.findLastIndex((w) => w.return < since)
      if (until === -1) continue
      let text = ''
      for (const w of done.slice(0, until + 1)) text = w.f === 'put' ? String(w.input) : text + String(w.input)
      stale.output = text
      return
    }
    // By value: the latest return among the operations that wrote it and may have taken effect before the stale read
    // returned.
    const until = new Map<Json, number>()
    for (const w of writers)
      if (w.call < stale.return) until.set(written(w), Math.max(until.get(written(w)) ?? -1, w.return))
    let best: { readonly value: Json; readonly at: number } | undefined
    for (const [value, at] of until) {
      const overwritten = writers.some((w) => w.return < stale.call && written(w) !== value && w.call > at)
      if (overwritten && at > (best?.at ?? -1) && value !== stale.output) best = { value, at }
    }
    if (best === undefined) continue
    stale.output = best.value
    return
  }
  throw new Error('no read of this history can be made stale for certain')
}

function mulberry32(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

interface Entry<Item> {
  readonly time: number
  readonly kind: number
  readonly client: number
  readonly item: Item
}

/** A binary heap by time. */
class TimeQueue<Item> {
  readonly #heap: Entry<Item>[] = []

  push(time: number, kind: number, client: number, item: Item): void {
    const heap = this.#heap
    heap.push({ time, kind, client, item })
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.time <= heap[at]!.time) break
      ;[heap[parent], heap[at]] = [heap[at]!, heap[parent]!]
      at = parent
    }
  }

  pop(): Entry<Item> | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (heap.length === 0 || last === undefined) return first
    heap[0] = last
    for (let at = 0; ; ) {
      let child = 2 * at + 1
      if (child >= heap.length) return first
      if (child + 1 < heap.length && heap[child + 1]!.time < heap[child]!.time) child++
      if (heap[at]!.time <= heap[child]!.time) return first
      ;[heap[at], heap[child]] = [heap[child]!, heap[at]!]
      at = child
    }
  }
}
