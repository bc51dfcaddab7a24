import type { EventInput, Json } from '@chaosproxy/history'
import { NEVER } from '../src/encoding/encoded.ts'
import { unlimited } from '../src/limits/budget.ts'
import { isExplained } from '../src/object/search/explained.ts'
import type { Guarantee } from '../src/stream/guarantees.ts'
import { type Attempts, type StreamOperation, stream } from '../src/stream/specification.ts'
import { seeded } from './work-queue-orders.ts'

// Generates small histories of partitioned logs with concurrent clients. Tries every order of the operations to find
// the guarantees that the history keeps according to the specification.

type Does =
  | { readonly f: 'send'; readonly values: readonly string[] }
  | { readonly f: 'poll'; readonly from: number | null }
  | { readonly f: 'commit'; readonly offset: number }
  | { readonly f: 'assign' | 'subscribe' | 'crash' }

type Answer =
  | { readonly type: 'ok'; readonly output: readonly (number | null)[] }
  | { readonly type: 'ok'; readonly got: readonly (readonly [number, string])[] }
  | { readonly type: 'ok'; readonly start: number | undefined }
  | { readonly type: 'ok' | 'info' | 'fail' }

export interface Operation {
  readonly process: number
  readonly does: Does
  readonly answer: Answer
  readonly from: number
  readonly to: number
}

interface Shape {
  readonly operations: number
  readonly lies: number
  readonly values: number
}

/** Returns a history of concurrent clients of a log. The log is correct except for its deliberate lies. */
export function drawn(seed: number, { operations: most, lies, values }: Shape): Operation[] {
  const pick = seeded(seed)
  const lie = (): boolean => lies > 0 && pick(lies) === 0
  const log: [number, string][] = []
  let end = pick(3)
  let committed: number | undefined
  const positions = new Map<number, number | 'group'>()
  const operations: Operation[] = []
  const open: { client: number; does: Does; from: number; answer?: Answer }[] = []
  const processes = [0, 1, 2]
  let serial = 0

  const ask = (): Does => {
    const kind = pick(12)
    if (kind < 5)
      return {
        f: 'send',
        values: Array.from({ length: pick(4) === 0 ? 2 : 1 }, () =>
          pick(values) === 0 ? `m${serial++}` : ('abc'[pick(Math.min(3, values))] ?? 'a'),
        ),
      }
    if (kind < 9) return { f: 'poll', from: pick(2) === 0 ? null : pick(end + 2) }
    if (kind === 9) return { f: 'commit', offset: pick(end + 1) }
    if (kind === 10) return { f: 'assign' }
    return { f: pick(3) === 0 ? 'subscribe' : 'crash' }
  }
  const act = (process: number, does: Does): Answer => {
    switch (does.f) {
      case 'send': {
        const output = does.values.map((value) => {
          const offset = lie() ? pick(end + 1) : end + (pick(6) === 0 ? 1 : 0)
          end = Math.max(end, offset + 1)
          if (!lie()) log.push([offset, value])
          return pick(3) === 0 ? null : offset
        })
        return { type: 'ok', output }
      }
      case 'poll': {
        const known = positions.get(process)
        const at = does.from ?? (typeof known === 'number' ? known : (committed ?? 0))
        const all = log.toSorted(([one], [other]) => one - other)
        let got = all.filter(([offset]) => offset >= at).slice(0, pick(4))
        if (lie()) got = got.filter(() => pick(2) === 0)
        if (lie()) got = [...got, [pick(end + 2), 'abc'[pick(3)] ?? 'a']]
        if (known !== 'group') positions.set(process, (got.at(-1)?.[0] ?? at - 1) + 1)
        return { type: 'ok', got }
      }
      case 'commit':
        committed = Math.max(committed ?? 0, does.offset)
        return { type: 'ok' }
      case 'assign': {
        const start = lie() ? pick(end + 2) : committed
        if (start === undefined) positions.delete(process)
        else positions.set(process, start + (pick(2) === 0 && committed !== undefined && committed >= start ? 1 : 0))
        return { type: 'ok', start }
      }
      case 'subscribe':
        positions.set(process, 'group')
        return { type: 'ok' }
      case 'crash':
        positions.delete(process)
        return { type: 'ok' }
      default:
        return does satisfies never
    }
  }
  let now = 0
  for (let started = 0; started < most || open.length > 0; now++) {
    const client = pick(3)
    const busy = open.find((each) => each.client === client)
    const process = processes[client] ?? 0
    if (busy === undefined) {
      if (started++ < most) open.push({ client, does: ask(), from: now })
    } else if (busy.answer === undefined) {
      const isRefused = (busy.does.f === 'send' || busy.does.f === 'poll') && pick(15) === 0
      // After a failed poll, the consumer's position is unknown.
      if (isRefused && busy.does.f === 'poll') positions.delete(process)
      busy.answer = isRefused ? { type: 'fail' } : act(process, busy.does)
    } else {
      open.splice(open.indexOf(busy), 1)
      const isLost = (busy.does.f === 'send' || busy.does.f === 'poll' || busy.does.f === 'commit') && pick(12) === 0
      operations.push({
        process,
        does: busy.does,
        answer: isLost ? { type: 'info' } : busy.answer,
        from: busy.from,
        to: now,
      })
      if (isLost) processes[client] = Math.max(...processes) + 1
    }
  }
  return operations.sort((a, b) => a.from - b.from)
}

export function eventsOf(operations: readonly Operation[]): EventInput[] {
  return operations
    .flatMap(({ process, does, answer, from, to }) => {
      const [f, input, output, key] = spoken(does, answer)
      const more = { process, f, ...(key === undefined ? {} : { key }) }
      return [
        { at: from, event: { ...more, type: 'invoke' as const, value: input } },
        { at: to, event: { ...more, type: answer.type, value: output } },
      ]
    })
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
}

function spoken(does: Does, answer: Answer): readonly [f: string, input: Json, output: Json, key?: string] {
  switch (does.f) {
    case 'send': {
      const output = 'output' in answer ? answer.output : []
      const [only = '', ...others] = does.values
      if (others.length === 0) return ['send', only, 'output' in answer ? (output[0] ?? null) : only, 'k']
      const input = does.values.map((value): Json => ['send', 'k', value])
      const offsetOf = (i: number): number | null => output[i] ?? null
      return [
        'send',
        input,
        does.values.map((value, i): Json => ['send', 'k', offsetOf(i) === null ? value : [offsetOf(i), value]]),
      ]
    }
    case 'poll':
      return [
        'poll',
        { k: does.from },
        'got' in answer ? { k: answer.got.map((each): Json => [...each]) } : { k: does.from },
      ]
    case 'commit':
      return ['commit_offsets', { k: does.offset }, null]
    case 'assign':
      return ['assign', ['k'], 'start' in answer && answer.start !== undefined ? { k: answer.start } : {}]
    default:
      return [does.f, ['k'], ['k']]
  }
}

export const judged: readonly Guarantee[] = [
  'consistent-offsets',
  'no-duplicates',
  'no-aborted-reads',
  'monotonic-sends',
  'monotonic-polls',
  'no-skips',
  'committed-starts',
]

/** Returns each guarantee for which the specification (`stream`) permits at least one order of the operations. */
export function keptOf(operations: readonly Operation[]): readonly Guarantee[] {
  const text = (value: string): string => JSON.stringify(value)
  const known = new Map<string, { offset: number; message: string; isReturned: boolean }>()
  const attempts = new Map<string, Attempts>()
  const all = operations.flatMap(({ process, does, answer, from, to }): readonly StreamOperation[] => {
    const span = { process, call: from, return: answer.type === 'ok' ? to : NEVER }
    switch (does.f) {
      case 'send': {
        const isFailed = answer.type === 'fail'
        const messages = does.values.map((value, i) => {
          const message = text(value)
          const offset = ('output' in answer ? answer.output[i] : null) ?? undefined
          const { sends, withoutOffset } = attempts.get(message) ?? { sends: 0, withoutOffset: 0 }
          const lacksOffset = !isFailed && offset === undefined
          attempts.set(message, {
            sends: sends + (isFailed ? 0 : 1),
            withoutOffset: withoutOffset + (lacksOffset ? 1 : 0),
          })
          return { message, offset }
        })
        return isFailed ? [] : [{ ...span, does: 'send', messages, isConfirmed: answer.type === 'ok' }]
      }
      case 'poll': {
        if (!('got' in answer)) return [{ ...span, return: to, does: 'forget' }]
        const messages = answer.got.map(([offset, value]) => ({ offset, message: text(value) }))
        for (const at of messages) {
          const name = `${at.offset} ${at.message}`
          if (!known.has(name)) known.set(name, { ...at, isReturned: false })
        }
        return [{ ...span, does: 'poll', from: does.from ?? undefined, messages }]
      }
      case 'commit':
        return [{ ...span, does: 'commit', offset: does.offset }]
      case 'assign': {
        const start = 'start' in answer ? answer.start : undefined
        return [start === undefined ? { ...span, does: 'forget' } : { ...span, does: 'resume', offset: start }]
      }
      case 'subscribe':
        return [{ ...span, does: 'subscribe' }]
      case 'crash':
        return [{ ...span, does: 'forget' }]
      default:
        return does satisfies never
    }
  })
  for (const { does, answer } of operations)
    if (does.f === 'send' && 'output' in answer)
      for (const [i, value] of does.values.entries()) {
        const offset = answer.output[i] ?? undefined
        if (offset !== undefined)
          known.set(`${offset} ${text(value)}`, { offset, message: text(value), isReturned: true })
      }
  const last = Math.max(0, ...operations.map(({ to }) => to)) + 1
  all.sort((a, b) => a.call - b.call)
  all.push({ does: 'end', process: -1, call: last, return: last + 1 })
  const rules = { known: [...known.values()], attempts }
  return judged.filter((each) => isExplained(stream({ ...rules, kept: new Set([each]) }), all, unlimited) !== false)
}
