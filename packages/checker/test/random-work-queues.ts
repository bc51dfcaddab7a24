import type { EventInput, Json } from '@chaosproxy/history'

// Small histories of queues that lease their messages, most of them wrong somewhere.

/** An operation from `from` to `to` ms. */
export interface Operation {
  readonly p: number
  readonly f: 'enqueue' | 'take' | 'ack' | 'nack' | 'remaining'
  readonly asked: Json
  readonly type: 'ok' | 'fail' | 'info'
  readonly told: Json
  readonly from: number
  readonly to: number
}

const NANOS_PER_MS = 1e6

export function eventsOf(operations: readonly Operation[]): EventInput[] {
  return operations
    .flatMap(({ p: process, f, asked, type, told, from, to }) => [
      { at: from, event: { process, f, type: 'invoke', value: asked, time: from * NANOS_PER_MS } as const },
      { at: to, event: { process, f, type, value: told, time: to * NANOS_PER_MS } as const },
    ])
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
}

export const choicesOf = (choices: readonly number[]) => {
  let at = 0
  return { pick: (n: number): number => (choices[at++] ?? 0) % n, left: () => at < choices.length }
}

/** A history of three clients, whose answers are drawn: mostly nonsense. */
export function drawn(choices: readonly number[]): Operation[] {
  const { pick, left } = choicesOf(choices)
  const busyUntil = [0, 0, 0]
  const processes = [0, 1, 2]
  const operations: Operation[] = []
  let now = 1
  // No two events happen at one time.
  const later = () => (now += 1 + pick(20))
  const known: number[] = []
  while (left()) {
    const client = pick(3)
    const from = Math.max(later(), (busyUntil[client] ?? 0) + 1) + client / 4
    const to = from + 1 + pick(40) + client / 16
    busyUntil[client] = Math.ceil(to)
    const p = processes[client] ?? 0
    const type = (['ok', 'ok', 'ok', 'ok', 'fail', 'info'] as const)[pick(6)] ?? 'ok'
    if (type === 'info') processes[client] = Math.max(...processes) + 1
    const value = 1 + pick(3)
    const common = { p, type, from, to }
    switch (pick(8)) {
      case 0:
      case 1:
      case 2:
        operations.push({ ...common, f: 'enqueue', asked: value, told: value })
        break
      case 3:
      case 4:
      case 5: {
        const isEmpty = pick(5) === 0
        if (type === 'ok' && !isEmpty) known.push(value)
        const lease = pick(4) === 0 ? null : 10 * pick(8)
        operations.push({
          ...common,
          f: 'take',
          asked: lease,
          told: isEmpty || type !== 'ok' ? null : [value, `r${value}`],
        })
        break
      }
      case 6: {
        const message = known[pick(Math.max(1, known.length))]
        if (message === undefined) break
        operations.push({ ...common, f: pick(3) === 0 ? 'nack' : 'ack', asked: `r${message}`, told: `r${message}` })
        break
      }
      default:
        operations.push({
          ...common,
          f: 'remaining',
          asked: null,
          told: type === 'ok' ? [1, 2, 3].filter(() => pick(3) === 0) : null,
        })
    }
  }
  return operations.sort((a, b) => a.from - b.from)
}
