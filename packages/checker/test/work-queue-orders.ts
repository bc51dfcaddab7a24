import type { EventInput, Json } from '@chaosproxy/history'
import type { Guarantee } from '../src/work-queue/guarantees.ts'

// Defines the guarantees of work queues, and decides them by trying every order of a few operations.

/** An operation on the queue. It certainly ended at `to` only if its type is `ok`. */
export interface Operation {
  readonly f: 'enqueue' | 'take' | 'ack' | 'nack' | 'remaining'
  readonly process: number
  readonly input: Json
  readonly type: 'ok' | 'fail' | 'info'
  readonly output: Json
  /** The positions of the call (`from`) and the return (`to`) in the list of events, which are 10 ms apart. */
  readonly from: number
  readonly to: number
}

export const EVENT_MS = 10

export const eventsOf = (operations: readonly Operation[]): EventInput[] =>
  operations
    .flatMap(({ f, process, input, type, output, from, to }) => [
      { at: from, event: { process, f, type: 'invoke', value: input, time: from * EVENT_MS * 1e6 } as const },
      { at: to, event: { process, f, type, value: output, time: to * EVENT_MS * 1e6 } as const },
    ])
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)

interface Step {
  readonly operation: Operation
  /** The copy that a take returned, as an index into `copies`. */
  readonly copy: number
}

interface Copy {
  readonly value: Json
  /** The index of the step that enqueued the copy; -1 for an initial copy, and Infinity if its origin is unknown. */
  readonly since: number
  /** Equal to `since`, if `since` is finite; otherwise the index of the first step whose output contains the copy. */
  readonly seen: number
}

const end = ({ type, to }: Operation): number => (type === 'ok' ? to : Number.POSITIVE_INFINITY)
const messageOf = ({ f, output }: Operation): Json =>
  f === 'take' && Array.isArray(output) ? (output[0] as Json) : null
const receiptOf = ({ f, output, input }: Operation): Json =>
  f === 'take' ? (Array.isArray(output) ? (output[1] as Json) : null) : input

/**
 * Reports whether some order of the operations keeps a guarantee. With `isUnknown`, the queue may have held any
 * messages initially.
 */
export function isKept(
  guarantee: Guarantee,
  operations: readonly Operation[],
  initial: readonly Json[],
  isUnknown = false,
): boolean {
  const put = operations.filter(({ f, type }) => f === 'enqueue' && type !== 'fail')
  const isForeign = (value: Json, { to }: Operation): boolean =>
    !initial.includes(value) && put.every(({ input, from }) => input !== value || from > to)
  const lastLook = operations
    .filter(({ f, type }) => f === 'remaining' && type === 'ok')
    .sort((a, b) => a.from - b.from)
    .at(-1)
  const isSettling = ({ f }: Operation): boolean => f === 'ack' || f === 'nack'
  const all = operations.filter((each) => {
    if (each.type === 'fail' || (each.type === 'info' && (each.f === 'take' || each.f === 'remaining'))) return false
    if (each.f === 'take' && each.output === null) return false
    // An `ack` or `nack` has no effect unless its receipt was returned by a take that began before the `ack` or `nack`
    // ended.
    const given = operations.some(
      (take) =>
        take.f === 'take' &&
        take.type === 'ok' &&
        take.output !== null &&
        receiptOf(take) === each.input &&
        take.from < end(each),
    )
    return !isSettling(each) || given
  })
  const may = isUnknown || guarantee !== 'no-invented-messages'

  /** Reports whether some order that begins with these steps keeps the guarantee. */
  const follows = (steps: readonly Step[], copies: readonly Copy[]): boolean => {
    const left = all.filter((each) => steps.every(({ operation }) => operation !== each))
    const first = Math.min(...left.map(end))
    if (first === Number.POSITIVE_INFINITY) return keeps(steps, copies)
    return left.some((operation) => {
      if (operation.from > first) return false
      if (operation.f === 'enqueue')
        return follows(
          [...steps, { operation, copy: copies.length }],
          [...copies, { value: operation.input, since: steps.length, seen: steps.length }],
        )
      if (operation.f === 'remaining') {
        // If a message is listed more often than the queue still holds copies of it, the missing copies were initial or
        // invented. Adds the missing copies if the queue may have held any messages initially, or if no enqueue can
        // have added the message.
        const output = operation.output as readonly Json[]
        const isAcked = (copy: number): boolean =>
          steps.some((step) => step.copy === copy && step.operation.f === 'ack')
        const appeared = [...new Set(output)].flatMap((value): Copy[] => {
          const left = copies.filter((copy, at) => copy.value === value && !isAcked(at)).length
          const missing =
            may && (isUnknown || isForeign(value, operation))
              ? output.filter((each) => each === value).length - left
              : 0
          return Array.from({ length: Math.max(0, missing) }, () => ({
            value,
            since: Number.POSITIVE_INFINITY,
            seen: steps.length,
          }))
        })
        return follows([...steps, { operation, copy: -1 }], [...copies, ...appeared])
      }
      const bound = steps.find(
        (step) => step.operation.f === 'take' && receiptOf(step.operation) === receiptOf(operation),
      )
      if (isSettling(operation))
        return bound !== undefined && follows([...steps, { operation, copy: bound.copy }], copies)
      const value = messageOf(operation)
      if (bound !== undefined) return follows([...steps, { operation, copy: bound.copy }], copies)
      if (copies.some((copy, at) => copy.value === value && follows([...steps, { operation, copy: at }], copies)))
        return true
      // The message was initial or invented.
      return (
        may &&
        (isUnknown || isForeign(value, operation)) &&
        follows(
          [...steps, { operation, copy: copies.length }],
          [...copies, { value, since: Number.POSITIVE_INFINITY, seen: steps.length }],
        )
      )
    })
  }

  function keeps(steps: readonly Step[], copies: readonly Copy[]): boolean {
    /**
     * Reports whether `isWrong` is true for some operation `remaining` and some value. The arguments of `isWrong`:
     * - `at`: the position of the operation
     * - `seen`: how often the operation returned the value
     * - `own`: the indices of the value's copies that were enqueued or first shown by position `at`
     * - `look` and `value`: the operation and the value
     */
    const looks = (
      isWrong: (at: number, seen: number, own: readonly number[], look: Operation, value: Json) => boolean,
    ): boolean =>
      steps.some(({ operation }, at) => {
        if (operation.f !== 'remaining') return false
        const output = operation.output as readonly Json[]
        const values = [...new Set([...output, ...copies.map(({ value }) => value)])]
        return values.some((value) => {
          const own = copies.flatMap((copy, i) => {
            const isIn = copy.seen <= at
            return copy.value === value && isIn ? [i] : []
          })
          return isWrong(at, output.filter((each) => each === value).length, own, operation, value)
        })
      })
    const of = (copy: number, ...fs: readonly string[]): readonly number[] =>
      steps.flatMap(({ operation, copy: own }, at) => (own === copy && fs.includes(operation.f) ? [at] : []))
    const isAcked = (copy: number, at: number): boolean => of(copy, 'ack').some((ack) => ack < at)
    const isDue = (since: number): boolean => since < 0 || steps[since]?.operation.type === 'ok'
    switch (guarantee) {
      case 'no-lost-messages':
        return !looks(
          (at, seen, own, look) =>
            look === lastLook &&
            own.filter((copy) => !isAcked(copy, at) && isDue(copies[copy]?.since ?? 0)).length > seen,
        )
      case 'no-invented-messages':
        return isUnknown || !looks((_, seen, own) => seen > own.length)
      case 'no-handouts-after-ack': {
        if (copies.some((_, copy) => of(copy, 'take').some((take) => isAcked(copy, take)))) return false
        return !looks((at, seen, own, look, value) => {
          const isOpen = isUnknown || isForeign(value, look)
          return !isOpen && Math.min(seen, own.length) > own.filter((copy) => !isAcked(copy, at)).length
        })
      }
      case 'no-double-leases': {
        let now = Number.NEGATIVE_INFINITY
        const until = copies.map(() => Number.NEGATIVE_INFINITY)
        return steps.every(({ operation, copy }) => {
          if (operation.f === 'enqueue') return true
          const isTake = operation.f === 'take'
          now = Math.max(now, operation.from * EVENT_MS, isTake ? (until[copy] ?? 0) - 1 : now)
          if (copy >= 0)
            until[copy] = isTake && operation.input !== null ? now + Number(operation.input) : Number.NEGATIVE_INFINITY
          return now <= end(operation) * EVENT_MS
        })
      }
      case 'no-repeats':
        return copies.every((_, copy) => {
          const takes = of(copy, 'take')
          return takes.every(
            (take, i) => i === 0 || of(copy, 'nack').some((nack) => nack < take && nack > (takes[i - 1] ?? 0)),
          )
        })
      case 'first-in-first-out': {
        const ordered = copies.flatMap((copy, at) => (copy.since === Number.POSITIVE_INFINITY ? [] : [at]))
        const firstOut = (copy: number): number => of(copy, 'take')[0] ?? Number.POSITIVE_INFINITY
        /**
         * Returns the first step that took a message enqueued after `copy`, while `copy` itself was not taken yet;
         * Infinity if there is none. From this step on, `copy` counts as lost.
         */
        const goneAt = (copy: number): number =>
          Math.min(
            ...ordered
              .filter(
                (other) =>
                  other > copy && firstOut(other) < firstOut(copy) && (copies[copy]?.since ?? 0) < firstOut(other),
              )
              .map(firstOut),
          )
        if (
          ordered.some((copy) => firstOut(copy) < Number.POSITIVE_INFINITY && goneAt(copy) < Number.POSITIVE_INFINITY)
        )
          return false
        return !looks((at, seen, own, look, value) => {
          if (isForeign(value, look)) return false
          return Math.min(seen, own.length) > own.filter((copy) => !(goneAt(copy) < at)).length
        })
      }
      default:
        return guarantee satisfies never
    }
  }
  return follows(
    [],
    initial.map((value) => ({ value, since: -1, seen: -1 })),
  )
}

/** Mulberry32. */
export function seeded(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

export interface Shape {
  readonly operations: number
  readonly clients: number
  /** Changes a reply with the probability 1/`lies`. If `lies` is 0, changes none. */
  readonly lies: number
  readonly values: number
}

/**
 * Returns the operations of concurrent clients of a queue, and its initial content. The queue is correct except for its
 * deliberate lies.
 */
export function drawn(
  seed: number,
  { operations: most, clients, lies, values }: Shape,
): { operations: Operation[]; initial: Json[] } {
  const pick = seeded(seed)
  const initial: Json[] = pick(3) === 0 ? Array.from({ length: 1 + pick(2) }, () => 'abc'[pick(values)] ?? 'a') : []
  interface Held {
    readonly value: Json
    readonly id: number
    until: number
    isBack: boolean
  }
  let ids = 0
  const queue: Held[] = initial.map((value) => ({ value, id: ++ids, until: 0, isBack: false }))
  const byReceipt = new Map<string, Held>()
  const hasOneReceipt = pick(2) === 0
  const known: string[] = []
  const operations: Operation[] = []
  const open: {
    client: number
    at: number
    f: Operation['f']
    input: Json
    from: number
    answer?: readonly [Operation['type'], Json]
  }[] = []
  const processes = Array.from({ length: clients }, (_, i) => i)
  const lie = (): boolean => lies > 0 && pick(lies) === 0
  const act = (f: Operation['f'], input: Json, ms: number): Json | undefined => {
    switch (f) {
      case 'enqueue':
        if (!lie()) queue.push({ value: input, id: ++ids, until: 0, isBack: false })
        return input
      case 'take': {
        const free = queue.filter(({ until }) => until <= ms || lie())
        const held = free[lies > 0 && pick(3) === 0 ? pick(free.length) : 0]
        if (held === undefined || pick(12) === 0)
          return lie() ? ['abc'[pick(values)] ?? 'a', `x${known.push('')}`] : null
        held.until = ms + (typeof input === 'number' ? input : 0)
        const receipt = hasOneReceipt ? `r${held.id}` : `r${held.id}.${byReceipt.size}`
        byReceipt.set(receipt, held)
        return [held.value, receipt]
      }
      case 'remaining': {
        const all = queue.map(({ value }) => value)
        return lie() ? all.slice(1) : lie() ? [...all, 'a'] : all
      }
      default: {
        const held = byReceipt.get(String(input))
        if (held === undefined || !queue.includes(held)) return undefined
        if (f === 'nack') held.until = 0
        else if (!lie()) queue.splice(queue.indexOf(held), 1)
        return input
      }
    }
  }
  let now = 0
  for (let started = 0; started < most || open.length > 0; now++) {
    const client = pick(clients)
    const busy = open.find((each) => each.client === client)
    if (busy === undefined) {
      if (started >= most) continue
      started++
      const f =
        started === most && pick(2) === 0
          ? 'remaining'
          : ((['enqueue', 'enqueue', 'take', 'take', 'take', 'ack', 'ack', 'nack', 'remaining'] as const)[pick(9)] ??
            'take')
      const receipt = known.filter((each) => each !== '')[pick(Math.max(1, known.length))]
      if ((f === 'ack' || f === 'nack') && receipt === undefined) continue
      const input =
        f === 'enqueue'
          ? ('abc'[pick(values)] ?? 'a')
          : f === 'take'
            ? ([null, 15, 35, 75, 200][pick(5)] ?? null)
            : f === 'remaining'
              ? null
              : (receipt ?? null)
      open.push({ client, at: now, f, input, from: now })
    } else if (busy.answer === undefined && pick(2) === 0) {
      const isRefused = pick(20) === 0
      const output = isRefused ? undefined : act(busy.f, busy.input, now * EVENT_MS)
      busy.answer = output === undefined ? ['fail', busy.input] : ['ok', output]
    } else if (busy.answer !== undefined || pick(30) === 0) {
      const { f, input, from, answer = ['info', input] } = busy
      open.splice(open.indexOf(busy), 1)
      const isLost = pick(30) === 0
      const [type, output] = isLost ? (['info', input] as const) : answer
      operations.push({ f, process: processes[client] ?? 0, input, type, output, from, to: now })
      if (type === 'info') processes[client] = Math.max(...processes) + 1
      if (f === 'take' && type === 'ok' && Array.isArray(output)) known.push(String(output[1]))
    }
  }
  return { operations: operations.sort((a, b) => a.from - b.from), initial }
}
