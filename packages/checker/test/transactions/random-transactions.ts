import type { Kind, MicroOperation, Transaction } from './brute-force.ts'

/**
 * `strict`: transactions run one after another. `stale`: a read-only transaction reads an old state. `snapshot`: the
 * first committer wins. `sites`: two sites learn late of each other's commits. `some`: a transaction sees some others,
 * each in full or not at all. `each-read`: every read sees the newest commit. `lost`: like `snapshot`, but conflicting
 * transactions all commit. `dirty`: writes are visible at once. `noise`: reads return anything.
 */
export const stores = ['strict', 'stale', 'snapshot', 'sites', 'some', 'each-read', 'lost', 'dirty', 'noise'] as const
export type Store = (typeof stores)[number]

export interface Shape {
  readonly kind: Kind
  readonly store: Store
  readonly transactions: number
  readonly clients: number
  readonly keys: number
  readonly operations: number
  /**
   * `info` and `fail`: the shares of transactions that end with this type. `corrupt`: the share of reads whose value is
   * replaced.
   */
  readonly info: number
  readonly fail: number
  readonly corrupt: number
}

export function randomShape(kind: Kind, random: () => number, most = 6): Shape {
  const below = (n: number): number => Math.floor(random() * n)
  const store = stores[below(stores.length)]!
  // Histories that distinguish the levels between read atomic and serializable need more transactions on the same keys.
  const isBetween = store === 'snapshot' || store === 'sites' || store === 'some' || store === 'lost'
  return {
    kind,
    store,
    transactions: isBetween ? most : random() < 0.7 ? most - 1 : 2 + below(most - 1),
    clients: store === 'some' ? 1 + below(2) : isBetween ? 2 + below(3) : 1 + below(3),
    keys: isBetween ? 2 + below(2) : 1 + below(3),
    operations: isBetween ? 4 : 2 + below(3),
    info: random() < 0.3 ? 0.3 : 0,
    fail: random() < 0.3 ? 0.2 : 0,
    corrupt: !isBetween && random() < 0.4 ? 0.15 : 0,
  }
}

interface Version {
  readonly element: number
  readonly commit: number
  readonly site: number
}

interface Running {
  readonly process: number
  readonly call: number
  readonly snapshot: number
  /** The commits that the transaction does not see. */
  readonly unseen: ReadonlySet<number>
  readonly wanted: readonly { readonly f: 'r' | 'w'; readonly key: string }[]
  readonly done: MicroOperation[]
  readonly own: { readonly key: string; readonly element: number }[]
}

/** Returns a history of simulated clients of a simulated store. The store is as strong or as weak as `shape` says. */
export function randomTransactions(shape: Shape, random: () => number): Transaction[] {
  const below = (n: number): number => Math.floor(random() * n)
  const versions: { readonly [key: string]: Version[] } = Object.fromEntries(
    Array.from({ length: shape.keys }, (_, key) => [`k${key}`, []]),
  )
  const keys = Object.keys(versions)
  const clients = Array.from({ length: shape.clients }, (_, process) => ({
    process,
    running: undefined as Running | undefined,
  }))
  const ended: Transaction[] = []
  let started = 0
  let elements = 0
  let commits = 0
  let now = 0
  let nextProcess = shape.clients

  const value = (list: readonly number[]): number | null | readonly number[] =>
    shape.kind === 'list' ? list : (list.at(-1) ?? null)

  function read(running: Running, key: string): number | null | readonly number[] {
    const all = versions[key]!
    const newest = all.findLastIndex(({ commit, site }) => {
      if (shape.store === 'each-read' || shape.store === 'dirty') return true
      if (shape.store === 'sites') return commit <= running.snapshot - (site === running.process % 2 ? 0 : 2)
      return commit <= running.snapshot && !running.unseen.has(commit)
    })
    const seen = all.slice(0, newest + 1)
    const own = running.own.filter(
      (write) => write.key === key && !all.some(({ element }) => element === write.element),
    )
    return value([...seen, ...own].map(({ element }) => element))
  }

  function write(running: Running, key: string): void {
    const element = ++elements
    running.done.push({ f: 'w', key, value: element })
    running.own.push({ key, element })
    if (shape.store === 'dirty') versions[key]!.push({ element, commit: ++commits, site: running.process % 2 })
  }

  const loses = ({ own, snapshot }: Running): boolean =>
    (shape.store === 'snapshot' || shape.store === 'sites') &&
    own.some(({ key }) => versions[key]!.some(({ commit }) => commit > snapshot))

  function begin(process: number): Running {
    started++
    const wanted = Array.from({ length: 1 + below(shape.operations) }, () => ({
      f: random() < 0.5 ? ('r' as const) : ('w' as const),
      key: keys[below(keys.length)]!,
    }))
    const isReading = wanted.every(({ f }) => f === 'r')
    const age = shape.store === 'stale' && isReading ? below(3) : 0
    const unseen = new Set<number>()
    if (shape.store === 'some') for (let commit = 1; commit <= commits; commit++) if (random() < 0.5) unseen.add(commit)
    return { process, call: now++, snapshot: Math.max(0, commits - age), unseen, wanted, done: [], own: [] }
  }

  /** Ends a transaction. It takes effect unless the store refuses it. */
  function end(running: Running): Transaction['type'] {
    const isInfo = random() < shape.info
    const isFailed = !isInfo && (random() < shape.fail || loses(running))
    if (!isFailed && !(isInfo && random() < 0.5)) {
      commits++
      if (shape.store !== 'dirty')
        for (const { key, element } of running.own)
          versions[key]!.push({ element, commit: commits, site: running.process % 2 })
    }
    return isInfo ? 'info' : isFailed ? 'fail' : 'ok'
  }

  for (let steps = 0; ended.length < shape.transactions && steps < 1_000; steps++) {
    const client = clients[below(clients.length)]!
    if (client.running === undefined) {
      if (started < shape.transactions) client.running = begin(client.process)
      continue
    }
    const { running } = client
    // In an atomic store, a transaction performs all its operations at once, on the newest state.
    const atOnce = shape.store === 'strict' || (shape.store === 'stale' && running.wanted.some(({ f }) => f === 'w'))
    const from: Running = atOnce ? { ...running, snapshot: commits } : running
    for (let next = running.done.length; next < running.wanted.length; next++) {
      const { f, key } = running.wanted[next]!
      if (f === 'w') write(from, key)
      else running.done.push({ f, key, value: read(from, key) })
      if (!atOnce) break
    }
    if (running.done.length < running.wanted.length || (!atOnce && random() < 0.5)) continue
    const type = end(running)
    const { process, call, done } = running
    ended.push({ process, type, call, return: type === 'info' ? Number.POSITIVE_INFINITY : now++, operations: done })
    client.running = undefined
    // After an unknown outcome, the client continues as a new process.
    if (type === 'info') client.process = nextProcess++
  }
  return ended.map((txn) => ({
    ...txn,
    operations: txn.operations.map((operation) =>
      operation.f === 'r' && random() < (shape.store === 'noise' ? 0.5 : shape.corrupt)
        ? { ...operation, value: value(otherValue(ended, operation, random)) }
        : operation,
    ),
  }))
}

/**
 * Returns another list for a read. Mostly, it is a prefix of the elements written to the key, or it resembles the list
 * that was read.
 */
function otherValue(all: readonly Transaction[], { key, value }: MicroOperation, random: () => number): number[] {
  const below = (n: number): number => Math.floor(random() * n)
  const written = all.flatMap(({ operations }) =>
    operations.flatMap((operation) => (operation.f === 'w' && operation.key === key ? [operation.value] : [])),
  )
  const held = Array.isArray(value) ? [...value] : []
  const rest = written.filter((element) => !held.includes(element))
  const chosen = below(10)
  if (chosen < 4) return written.slice(0, below(written.length + 1))
  if (chosen < 6) return held.slice(0, below(held.length + 1))
  if (chosen < 8 && rest.length > 0) return [...held, rest[below(rest.length)]!]
  if (chosen === 8 && held.length > 1) return held.toReversed()
  return random() < 0.1 ? [...held, 99] : written.length > 0 ? [written[below(written.length)]!] : []
}
