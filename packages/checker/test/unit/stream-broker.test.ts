import type { EventInput, Json } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Guarantee, guarantees, streamLadder } from '../../src/stream/guarantees.ts'
import { judgingBy, withResult } from '../judged-guarantees.ts'
import { many, manyOf } from '../many.ts'

// A simulated broker of partitioned logs, like Kafka, with one group of consumers, transactions, crashes and
// rebalances. If the broker makes no mistakes, the checker must find no violation. If it makes a mistake, the checker
// must name the guarantee that this mistake breaks.

const PARTITIONS = ['a', 'b'] as const
type Partition = (typeof PARTITIONS)[number]
const CLIENTS = 3

/** The guarantee that each mistake breaks. */
const mistakes = {
  'forgets a message': 'no-lost-writes',
  'stores a message twice': 'no-duplicates',
  'gives two messages one offset': 'consistent-offsets',
  'shows an aborted message': 'no-aborted-reads',
  'lets a later message overtake': 'monotonic-sends',
  'lets a consumer go back': 'monotonic-polls',
  'lets a consumer skip': 'no-skips',
} as const satisfies { readonly [mistake: string]: Guarantee }

type Mistake = keyof typeof mistakes

interface Consumer {
  process: number
  mode: 'none' | 'assigned' | 'subscribed'
  readonly positions: Map<Partition, number>
}

/** Runs clients of the broker. Each choice is a number from 0 to 999. */
function historyOf(choices: readonly number[], mistake?: Mistake): EventInput[] {
  const events: EventInput[] = []
  const logs: { [partition in Partition]: [number, number][] } = { a: [], b: [] }
  const ends: { [partition in Partition]: number } = { a: 0, b: 0 }
  const committed = new Map<Partition, number>()
  let at = 0
  const pick = (n: number): number => (choices[at++] ?? 0) % n
  let processes = 0
  const born = (): Consumer => ({ process: processes++, mode: 'none', positions: new Map() })
  const clients = Array.from({ length: CLIENTS }, born)
  let message = 0
  const isWrong = (what: Mistake): boolean => mistake === what && pick(3) === 0

  const record = (process: number, f: string, input: Json, type: 'ok' | 'fail' | 'info', output: Json): void => {
    events.push({ process, f, type: 'invoke', value: input }, { process, f, type, value: output })
  }

  const crash = (client: number): void => {
    clients[client] = born()
    rebalance()
  }

  /** Assigns the partitions to the subscribed consumers, which begin at the committed offsets. */
  function rebalance(): void {
    const members = clients.filter(({ mode }) => mode === 'subscribed')
    for (const { positions } of members) positions.clear()
    for (const partition of PARTITIONS)
      members[pick(Math.max(1, members.length))]?.positions.set(partition, committed.get(partition) ?? 0)
  }

  function append(partition: Partition, value: number): number {
    // Sometimes a marker occupies an offset.
    let offset = ends[partition] + (pick(4) === 0 ? 1 : 0)
    const last = logs[partition].at(-1)
    if (last !== undefined && isWrong('gives two messages one offset')) [offset] = last
    if (last !== undefined && isWrong('lets a later message overtake')) offset = last[0] - 0.5
    if (!isWrong('forgets a message')) logs[partition].push([Math.ceil(offset), value])
    ends[partition] = Math.max(ends[partition], Math.ceil(offset) + 1)
    if (isWrong('stores a message twice')) logs[partition].push([ends[partition]++, value])
    logs[partition].sort(([one], [other]) => one - other)
    return Math.ceil(offset)
  }

  function send(client: number): void {
    const { process } = clients[client] as Consumer
    const batch = Array.from({ length: 1 + pick(3) }, () => ({
      partition: PARTITIONS[pick(2)] ?? 'a',
      value: message++,
    }))
    const input = batch.map(({ partition, value }): Json => ['send', partition, value])
    const fate = pick(6)
    if (fate === 0) {
      // The transaction is aborted, and its messages leave gaps.
      for (const { partition, value } of batch) {
        const offset = ends[partition]++
        if (isWrong('shows an aborted message')) logs[partition].push([offset, value])
      }
      record(process, 'send', input, 'fail', input)
      return
    }
    if (fate === 1) {
      if (pick(2) === 0) for (const { partition, value } of batch) append(partition, value)
      record(process, 'send', input, 'info', input)
      crash(client)
      return
    }
    const output = batch.map(({ partition, value }): Json => {
      const offset = append(partition, value)
      return ['send', partition, pick(5) === 0 ? value : [offset, value]]
    })
    record(process, pick(2) === 0 ? 'send' : 'txn', input, 'ok', output)
  }

  function poll(client: number, most = 1 + pick(3)): void {
    const { process, mode, positions } = clients[client] as Consumer
    const got: { [partition: string]: Json } = {}
    const isLost = pick(8) === 0
    for (const [partition, position] of positions) {
      const shift = isWrong('lets a consumer go back') ? -1 : isWrong('lets a consumer skip') ? 1 : 0
      const found = logs[partition].filter(([offset]) => offset >= position + shift).slice(0, most)
      const last = found.at(-1)
      if (last === undefined) continue
      got[partition] = found
      // After a poll without an answer, the position is unknown.
      if (isLost && pick(2) === 0) continue
      positions.set(partition, last[0] + 1)
      if (mode === 'subscribed' && pick(4) > 0)
        committed.set(partition, Math.max(committed.get(partition) ?? 0, last[0] + 1))
    }
    if (isLost) {
      record(process, 'poll', [['poll']], 'info', [['poll']])
      crash(client)
    } else record(process, 'poll', [['poll']], 'ok', [['poll', got]])
  }

  while (at < choices.length) {
    const client = pick(CLIENTS)
    const consumer = clients[client] as Consumer
    switch (pick(10)) {
      case 0:
        record(consumer.process, 'crash', null, 'info', null)
        crash(client)
        break
      case 1: {
        const keys = PARTITIONS.filter(() => pick(3) > 0)
        const kept = new Map(
          keys.map((key) => [key, (consumer.mode === 'assigned' && consumer.positions.get(key)) || 0]),
        )
        const isMember = consumer.mode === 'subscribed'
        clients[client] = { process: consumer.process, mode: 'assigned', positions: kept }
        if (isMember) rebalance()
        record(consumer.process, 'assign', keys, 'ok', keys)
        break
      }
      case 2:
        consumer.mode = 'subscribed'
        rebalance()
        record(consumer.process, 'subscribe', [...PARTITIONS], 'ok', [...PARTITIONS])
        break
      case 3:
      case 4:
      case 5:
        send(client)
        break
      default:
        poll(client)
    }
  }
  // At the end, a client reads everything.
  const reader = clients[0] as Consumer
  clients[0] = { process: reader.process, mode: 'assigned', positions: new Map(PARTITIONS.map((key) => [key, 0])) }
  record(reader.process, 'assign', [], 'ok', [])
  record(reader.process, 'assign', [...PARTITIONS], 'ok', [...PARTITIONS])
  poll(0, 1_000)
  return events
}

const judge = judgingBy('stream', streamLadder.levels)
const brokenBy = (events: readonly EventInput[]): readonly Guarantee[] =>
  withResult(guarantees, judge(events), 'violated')

const choices = fc.array(fc.nat(999), { minLength: 60, maxLength: 400 })

test(`check finds no violation of a correct broker in ${manyOf(6_000)} histories with crashes and rebalances`, () => {
  fc.assert(
    fc.property(choices, (drawn) => {
      expect(brokenBy(historyOf(drawn))).toEqual([])
    }),
    { numRuns: many(6_000), seed: 1 },
  )
})

test.each(Object.entries(mistakes) as [Mistake, Guarantee][])(
  'check finds the level %s violated by a broker that %s',
  (mistake, guarantee) => {
    const long = fc.array(fc.nat(999), { minLength: 500, maxLength: 600 })
    const counts = fc
      .sample(long, { numRuns: 40, seed: 1 })
      .filter((drawn) => brokenBy(historyOf(drawn, mistake)).includes(guarantee))
    expect(counts.length).toBeGreaterThan(1)
  },
)
