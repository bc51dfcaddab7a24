import type { EventInput, Json } from '@chaosproxy/history'

// Small histories of partitioned logs. Most of them contain an error.

export type Operation =
  | { f: 'send'; p: number; batch: Message[]; type: 'ok' | 'info' | 'fail'; isTransaction: boolean }
  | { f: 'poll'; p: number; from: number | null; got: [number, number][]; final: boolean; isMicro: boolean }
  | { f: 'lost poll'; p: number }
  | { f: 'subscribe'; p: number; type: 'ok' | 'fail' }
  | { f: 'crash'; p: number }
  | { f: 'keep'; p: number }
  | { f: 'commit'; p: number; offset: number }
  | { f: 'assign'; p: number; offset: number | undefined }

export interface Message {
  readonly value: number
  /** Null if the history does not contain the offset. */
  readonly offset: number | null
}

/** Mulberry32. */
function seeded(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

/** Returns a small history of a mostly correct log, with some answers changed. */
export function drawn(seed: number): Operation[] {
  const pick = seeded(seed)
  const log: [number, number][] = []
  const operations: Operation[] = []
  const lies = pick(3) > 0
  const lie = () => lies && pick(6) === 0
  for (let n = 2 + pick(7); n > 0; n--) {
    const p = pick(2)
    switch (pick(6)) {
      case 0:
      case 1: {
        const type = (['ok', 'ok', 'ok', 'info', 'fail'] as const)[pick(5)] ?? 'ok'
        const batch = Array.from({ length: pick(4) === 0 ? 2 : 1 }, (_, i): Message => {
          const value = lie() ? 1 + pick(4) : 1 + operations.length + 10 * i
          const offset = lie() ? pick(6) : (log.at(-1)?.[0] ?? -1) + 1 + pick(2)
          if (type === 'ok' || (type === 'info' && pick(2) === 0) || lie()) log.push([offset, value])
          return { value, offset: pick(8) === 0 ? null : offset }
        })
        operations.push({ f: 'send', p, batch, type, isTransaction: pick(3) === 0 })
        break
      }
      case 2:
      case 3: {
        const from = pick(5) === 0 ? null : pick(5)
        const got = log.filter(([offset]) => offset >= (from ?? 0)).slice(0, pick(4))
        if (lie()) got.splice(pick(got.length + 1), 1)
        if (lie()) got.push([pick(6), 1 + pick(8)])
        if (lie()) got.reverse()
        operations.push({ f: 'poll', p, from, got, final: pick(6) === 0, isMicro: from === null && pick(2) === 0 })
        break
      }
      case 4: {
        // A poll of a consumer group. Its first offset is unknown, so the checker finds a skipped message only between
        // two polled messages. The poll therefore returns up to two messages.
        const from = pick(3)
        const got = log.filter(([offset]) => offset >= from).slice(0, 2)
        if (lie()) got.splice(pick(got.length + 1), 1)
        if (pick(2) === 0) operations.push({ f: 'subscribe', p, type: pick(6) === 0 ? 'fail' : 'ok' })
        operations.push({ f: 'poll', p, from: null, got, final: false, isMicro: pick(2) === 0 })
        break
      }
      default:
        switch (pick(5)) {
          case 0:
          case 1:
            operations.push({ f: 'commit', p, offset: pick(5) })
            break
          case 2:
            operations.push({ f: 'assign', p, offset: pick(4) === 0 ? undefined : pick(lies ? 6 : 2) })
            break
          case 3:
            operations.push(pick(2) === 0 ? { f: 'crash', p } : { f: 'keep', p })
            break
          default:
            operations.push({ f: 'lost poll', p })
        }
    }
  }
  const from = pick(6)
  for (let n = pick(2) * (4 + pick(3)); n > 0; n--)
    operations.push({ f: 'poll', p: 9, from, got: [], final: true, isMicro: false })
  return operations
}

export function eventsOf(operations: readonly Operation[]): EventInput[] {
  // A process ends after an operation of unknown outcome. Its client continues as another process.
  const lives = new Map<number, number>()
  return operations.flatMap((each): EventInput[] => {
    const process = each.p + 10 * (lives.get(each.p) ?? 0)
    const both = (
      f: string,
      input: Json,
      type: 'ok' | 'info' | 'fail',
      output: Json,
      more: object = {},
    ): EventInput[] => [
      { process, f, type: 'invoke', value: input, ...more },
      { process, f, type, value: output, ...more },
    ]
    switch (each.f) {
      case 'send': {
        if (each.type === 'info') lives.set(each.p, (lives.get(each.p) ?? 0) + 1)
        const [first = { value: 0, offset: null }, ...others] = each.batch
        if (others.length === 0 && !each.isTransaction)
          return both('send', first.value, each.type, each.type === 'ok' ? first.offset : first.value, { key: 'k' })
        const input = each.batch.map(({ value }): Json => ['send', 'k', value])
        const output = each.batch.map(
          ({ value, offset }): Json => [':send', 'k', offset === null ? value : [offset, value]],
        )
        return both(each.isTransaction ? 'txn' : 'send', input, each.type, each.type === 'ok' ? output : input)
      }
      case 'poll':
        return each.isMicro
          ? both('poll', [['poll']], 'ok', [['poll', { k: each.got }]], { final: each.final })
          : both('poll', { k: each.from }, 'ok', { k: each.got }, { final: each.final })
      case 'lost poll':
        return both('poll', { k: 0 }, 'fail', { k: 0 })
      case 'subscribe':
        return both('subscribe', ['k'], each.type, ['k'])
      case 'crash':
        return both('crash', null, 'ok', null)
      case 'keep':
        return both('assign', ['k'], 'ok', ['k'])
      case 'commit':
        return both('commit_offsets', { k: each.offset }, 'ok', null)
      case 'assign':
        return both('assign', ['k'], 'ok', each.offset === undefined ? {} : { k: each.offset })
      default:
        return each satisfies never
    }
  })
}
