import type { EventInput, Json } from '@chaosproxy/history'

// Small histories of a store, with writes, watches, and reads of the store's changes. Most of them contain an error.

interface Change {
  readonly revision: number
  readonly key: string
  readonly value?: Json
  readonly previous?: Json
  readonly created?: boolean
}

interface WatchRequest {
  readonly key?: string
  readonly prefix?: string
  readonly from?: number
  readonly without?: readonly string[]
  readonly resumes?: number
}

const KEYS = ['x', 'y', 'xx']

export function randomStore(random: () => number): EventInput[] {
  const below = (n: number): number => Math.floor(random() * n)
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)]!
  const lies = below(3) > 0
  const lie = (n: number): boolean => lies && below(n) === 0
  const [events, late]: [EventInput[], EventInput[]] = [[], []]
  const log: Change[] = []
  const held = new Map<string, Json>()
  const watches: { readonly id: number; readonly input: WatchRequest; next: number }[] = []
  let [revision, process] = [1, 0]
  const record = (
    f: string,
    input: Json,
    output: Json,
    type: 'ok' | 'info' | 'fail' = 'ok',
    more: object = {},
  ): void => {
    const of = { process: process++, f, ...more }
    events.push({ ...of, type: 'invoke', value: input })
    const answer: EventInput = { ...of, type, value: type === 'ok' ? output : input }
    if (below(6) === 0) late.push(answer)
    else events.push(answer)
    if (below(3) === 0) events.push(...late.splice(0, 1))
  }
  const outcome = () => one(['ok', 'ok', 'ok', 'ok', 'info', 'fail'] as const)

  function write(): void {
    const [key, other] = [one(KEYS), one(KEYS)]
    const value = lie(4) ? below(3) : revision * 10
    const input = one<{ readonly [key: string]: Json }>([
      { [key]: value },
      { [key]: value },
      { [key]: null },
      { [key]: value, [other]: below(2) === 0 ? null : value + 1 },
    ])
    const type = outcome()
    const isDone = type === 'ok' || (type === 'info' ? below(2) === 0 : lie(4))
    const changed = Object.entries(input).filter(([each, to]) => to !== null || held.has(each))
    if (isDone && changed.length > 0) revision++
    for (const [each, to] of isDone ? changed : []) {
      log.push({
        ...{ revision, key: each, previous: held.get(each) ?? null, created: to !== null && !held.has(each) },
        ...(to === null ? {} : { value: to }),
      })
      if (to === null) held.delete(each)
      else held.set(each, to)
    }
    const output = changed.length === 0 ? null : below(10) === 0 ? true : lie(20) ? revision + 1 : revision
    const [[name, to] = [key, null], ...more] = Object.entries(input)
    if (more.length > 0 || below(5) === 0) record('txn', input, output, type)
    else record(to === null ? 'delete' : 'put', to, output, type, { key: name })
  }

  function watch(): void {
    const resumes = watches.length > 0 && below(3) === 0 ? one(watches) : undefined
    const from = resumes?.next ?? one([undefined, 1, revision, revision + 1, revision + 3])
    const input: WatchRequest = {
      ...one<WatchRequest>([{}, { key: one(KEYS) }, { prefix: 'x' }, { without: [one(['put', 'delete'])] }]),
      ...(from === undefined ? {} : { from }),
      ...(resumes === undefined ? {} : { resumes: resumes.id }),
    }
    const id = watches.push({ id: watches.length, input, next: from ?? revision + 1 }) - 1
    const output = below(8) === 0 ? {} : { revision }
    record('watch', { watch: id, ...input } as Json, output, below(12) === 0 ? 'info' : 'ok')
  }

  function watched(final: boolean): void {
    if (watches.length === 0) return
    const chosen = one(watches)
    const { key, prefix, without = [] } = chosen.input
    const isWanted = (each: Change): boolean =>
      lie(20) ||
      (each.revision >= chosen.next &&
        (key === undefined || each.key === key) &&
        each.key.startsWith(prefix ?? '') &&
        !without.includes(each.value === undefined ? 'delete' : 'put'))
    const details = below(3)
    const all = log.filter(isWanted).map(({ previous, created, ...each }): Change => {
      const more = details === 0 ? {} : details === 1 ? { previous: lie(6) ? 7 : previous! } : { created: created! }
      const event = { ...each, ...more }
      return lie(8)
        ? { ...event, ...one<Partial<Change>>([{ value: 999 }, { revision: below(8) }, { key: one(KEYS) }]) }
        : event
    })
    if (lie(5)) all.splice(below(all.length), 1)
    if (lie(8)) all.reverse()
    if (lie(8)) all.push(...all.slice(0, 1))
    chosen.next = Math.max(chosen.next, revision + 1)
    const responses: Json[] = []
    let open: Change[] = []
    for (const each of all) {
      if (open.length > 0 && (open[0]!.revision !== each.revision || lie(6)) && below(4) > 0) {
        responses.push({ events: open as unknown as Json })
        open = []
      }
      open.push(each)
    }
    if (open.length > 0) responses.push({ events: open as unknown as Json })
    if (below(4) === 0) responses.splice(lie(3) ? 0 : responses.length, 0, { progress: lie(4) ? below(9) : revision })
    if (below(12) === 0) responses.push(one<Json>([{ ended: true }, { ended: true, compacted: below(6) }]))
    record(
      'watched',
      { watch: chosen.id },
      responses,
      one(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'info', 'fail']),
      {
        final,
      },
    )
  }

  for (let n = 4 + below(14); n > 0; n--) {
    const kind = below(12)
    if (kind < 5) write()
    else if (kind < 6 || watches.length === 0) watch()
    else if (kind < 10) watched(false)
    else if (kind === 10 && below(2) === 0) record('compact', below(revision + 1), null)
    else if (kind === 10) record('unwatch', { watch: one(watches).id }, null)
    else {
      const from = 1 + below(revision)
      const changes = log
        .filter((each) => each.revision >= from && !lie(20))
        .map(({ previous, created, ...each }) => each)
      record('changes', { from }, { from, to: revision, changes: changes as unknown as Json })
    }
  }
  for (let n = below(2) * (3 + below(9)); n > 0; n--) watched(true)
  return [...events, ...late]
}
