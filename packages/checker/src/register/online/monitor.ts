/** A value as the key of a table. A number stands for itself; any other value becomes canonical JSON text. */
export type ValueName = number | string

/** The reason why no order explains the events so far. */
export type Impossible =
  /** The value was read or replaced before any write of it was called, or after it was certainly overwritten. */
  | 'not there to be read'
  /** The value was overwritten before the read was called, or the read contradicts other reads. */
  | 'stale'
  /** The value was read, but its write certainly failed. */
  | 'its write failed'
  /** Two compare-and-sets replaced the same value. */
  | 'replaced twice'
  /** When the initial value became known, an earlier operation turned out to be impossible. */
  | 'known late'

/** An open operation, which the caller passes back when it ends. */
export interface Flight {
  readonly call: number
  /** Whether the operation may still return a value that was present at its call. */
  readonly observes: boolean
  readonly written: Written | undefined
}

/** A written value, from the call of its write until no read may return it. */
interface Written {
  readonly value: ValueName
  readonly call: number
  readonly replaces: ValueName | undefined
  /** The block that contains the write of the value; undefined as long as the value may not have been written. */
  block: Block | undefined
  /** The position of the event that made the write certain. */
  first: number
  next: Written | undefined
  /**
   * All written values that equal this one and may still be read, including this one. Undefined if no other written
   * value was ever equal.
   */
  twins: Set<Written> | undefined
}

/**
 * Operations that are adjacent in every order that explains the events: a write, its reads and, if a cas replaced its
 * value, the block of the cas.
 */
interface Block {
  /** Position of the earliest return among the block's operations. */
  readonly first: number
  /** Position of the latest call among the block's operations. */
  last: number
  /** Whether all reads and cas that are now open were called after `first`. */
  settled: boolean
  readonly members: Set<Written>
}

export interface RegisterMonitor {
  /**
   * Handles a call. Returns the open operation, which the caller passes to `succeeded`, `failed` or `abandoned` when it
   * ends. Returns 'too much to remember' if the monitor already remembers as many values as it may.
   */
  called(position: number, operation: Observing | Writing): Flight | 'too much to remember'
  /** Handles the outcome `ok`; `read` is the value read, if any. */
  succeeded(position: number, flight: Flight, read: ValueName | undefined): Impossible | undefined
  failed(flight: Flight): Impossible | undefined
  abandoned(flight: Flight): Impossible | undefined
  /** Reports whether it was clear which write each read and cas saw. If not, a violation may have been missed. */
  certain(): boolean
  /** The number of entries held in memory. */
  retained(): number
}

interface Observing {
  readonly kind: 'read'
}
interface Writing {
  readonly kind: 'write'
  readonly value: ValueName
  readonly replaces?: ValueName | undefined
}

/**
 * Watches one register for linearizability. Reports a violation at the first event after which no order exists.
 *
 * The monitor uses the zone condition of Gibbons & Korach (1997) with two extensions.
 *
 * First, a cas joins the value that it wrote to the value that it replaced. Values joined in this way form a chain, and
 * all operations of a chain form a "block" with one zone. Let first(A) be the earliest return in block A, and last(A)
 * the latest call. Two blocks A and B conflict if first(A) < last(B) and first(B) < last(A). An order exists if and
 * only if each chain respects its calls and returns, and no two blocks conflict. Longer cycles need no check, because
 * each contains a cycle of two blocks: the block with the least `first` and its predecessor in the cycle.
 *
 * Second, the condition is checked at each event. `first` never changes, and `last` grows only when a read or cas
 * returns, so a conflict can arise only at such a return.
 *
 * The monitor forgets values that can no longer be read. A block B is "settled" as soon as all open reads and cas were
 * called after first(B). Every later call of a read or cas is then after first(B), so only last(B) decides whether B
 * conflicts with another block. Of all settled blocks, only the two greatest `last` are needed. A value can no longer
 * be read in two cases:
 *
 * - Its block A has first(A) < last(B) for another block B that is settled.
 * - A cas replaced it, and all open reads and cas were called after the new value was certainly written.
 *
 * A read of a forgotten value is a violation, like a read of a value that was never written. The monitor keeps the
 * values of writes that overlap an open operation, and of unread writes of unknown outcome.
 *
 * A forgotten value may be written again. A later read of it can only have seen the new write. If a value is written
 * again before it is forgotten, the monitor ignores reads of the value, because it does not know which of the writes
 * they saw. It also ignores which of the writes a cas replaced. This causes no false alarm, but the monitor may miss a
 * violation. If all values are distinct, no violation is missed.
 */
export function createRegisterMonitor(initial: ValueName, retainAtMost: number): RegisterMonitor {
  const values = new Map<ValueName, Written>()
  const observers = new Set<Flight>()
  // `unsettled`: the blocks that are not settled, in the order of their `first`. `readable`: the settled blocks that
  // may still be read.
  const unsettled = createQueue<Block>()
  let readable: Block[] = []
  // Values whose successor is certain, in the order in which the successors became certain.
  const replaced = createQueue<Written>()
  // `latest` is the settled block with the greatest `last`, and `latestCall` is its `last`. `otherCall` is the greatest
  // `last` of all other settled blocks.
  let latest: Block | undefined
  let latestCall = -2
  let otherCall = -2
  let certain = true

  const origin: Block = { first: -1, last: -2, settled: true, members: new Set() }
  const start: Written = { ...unread(initial, -2, undefined), block: origin, first: -1 }
  origin.members.add(start)
  values.set(initial, start)
  readable.push(origin)
  consider(origin)

  function consider(block: Block): void {
    if (block === latest) latestCall = block.last
    else if (latest === undefined || block.last > latestCall) {
      otherCall = latestCall
      latestCall = block.last
      latest = block
    } else if (block.last > otherCall) otherCall = block.last
  }

  /**
   * Reports whether no later read can see a value of `block`, because `last` of another block, which is settled, comes
   * after `block.first`.
   */
  const isOutdated = (block: Block): boolean => (block === latest ? otherCall : latestCall) > block.first

  /**
   * Reports whether a value that was seen may come from several writes. If so, records that a violation may be missed.
   */
  function isAmbiguous({ twins }: Written): boolean {
    if (twins === undefined || twins.size < 2) return false
    certain = false
    return true
  }

  /** Marks a value, and everything it replaced, as certainly written. */
  function establish(written: Written, position: number): Impossible | undefined {
    const chain: Written[] = []
    let at: Written = written
    while (at.block === undefined) {
      chain.push(at)
      if (at.replaces === undefined) break
      const before = values.get(at.replaces)
      if (before === undefined) return 'not there to be read'
      if (isAmbiguous(before)) break
      if (chain.includes(before)) return 'not there to be read'
      if (before.next !== undefined) return 'replaced twice'
      at = before
    }
    let block = at.block
    if (block === undefined) {
      block = { first: position, last: -2, settled: false, members: new Set() }
      unsettled.push(block)
    }
    let before = at.block === undefined ? undefined : at
    for (const each of chain.toReversed()) {
      each.block = block
      each.first = position
      block.members.add(each)
      if (each.call > block.last) block.last = each.call
      if (before !== undefined) {
        before.next = each
        replaced.push(before)
      }
      before = each
    }
    return undefined
  }

  /** Reports whether `block` conflicts with another block, after an operation of `block` returned at `position`. */
  function conflicts(block: Block, position: number): boolean {
    if (block.first === position) return false
    if (isOutdated(block)) return true
    for (let i = 0; i < unsettled.length(); i++) {
      const other = unsettled.at(i)
      if (other.first >= block.last) break
      if (other !== block && other.last > block.first) return true
    }
    return false
  }

  function observed(value: ValueName, call: number, position: number): Impossible | undefined {
    const written = values.get(value)
    if (written === undefined) return 'not there to be read'
    if (isAmbiguous(written)) return undefined
    if (written.next !== undefined && written.next.first < call) return 'stale'
    return took(written, call, position)
  }

  function took(written: Written, call: number, position: number): Impossible | undefined {
    const trouble = written.block === undefined ? establish(written, position) : undefined
    if (trouble !== undefined) return trouble
    const { block } = written
    if (block === undefined) throw new Error('establish() did not assign a block to the value')
    if (call > block.last) block.last = call
    if (conflicts(block, position)) return 'stale'
    if (block.settled) consider(block)
    return undefined
  }

  function remember(written: Written): void {
    const earlier = values.get(written.value)
    if (earlier !== undefined) {
      written.twins = earlier.twins ??= new Set([earlier])
      written.twins.add(written)
    }
    values.set(written.value, written)
  }

  function forget(written: Written): void {
    const { value, twins, block } = written
    block?.members.delete(written)
    twins?.delete(written)
    if (values.get(value) !== written) return
    const [twin] = twins ?? []
    if (twin === undefined) values.delete(value)
    else values.set(value, twin)
  }

  /** Ends an operation, and forgets the values that can no longer be read. */
  function closed(flight: Flight): void {
    if (!flight.observes) return
    observers.delete(flight)
    collect()
  }

  function collect(): void {
    let oldest = Number.POSITIVE_INFINITY
    for (const flight of observers) {
      oldest = flight.call
      break
    }
    while (replaced.length() > 0 && (replaced.at(0).next?.first ?? oldest) < oldest) forget(replaced.shift())
    while (unsettled.length() > 0 && unsettled.at(0).first < oldest) {
      const block = unsettled.shift()
      block.settled = true
      consider(block)
      readable.push(block)
    }
    if (!readable.some(isOutdated)) return
    for (const block of readable) if (isOutdated(block)) for (const written of block.members) forget(written)
    readable = readable.filter((block) => !isOutdated(block))
  }

  return {
    called(position, operation) {
      // If no read or cas is open, everything acknowledged so far is settled.
      if (observers.size === 0) collect()
      if (operation.kind === 'read') {
        const flight: Flight = { call: position, observes: true, written: undefined }
        observers.add(flight)
        return flight
      }
      const { value, replaces } = operation
      if (values.size >= retainAtMost) return 'too much to remember'
      const written = unread(value, position, replaces)
      remember(written)
      const flight: Flight = { call: position, observes: replaces !== undefined, written }
      if (flight.observes) observers.add(flight)
      return flight
    },
    succeeded(position, flight, read) {
      const { written, call } = flight
      let finding: Impossible | undefined
      if (written === undefined) finding = read === undefined ? undefined : observed(read, call, position)
      else if (written.replaces !== undefined) finding = took(written, call, position)
      else if (written.block === undefined) finding = establish(written, position)
      closed(flight)
      return finding
    },
    failed(flight) {
      closed(flight)
      const { written } = flight
      if (written === undefined) return undefined
      if (written.block !== undefined) return 'its write failed'
      forget(written)
      return undefined
    },
    abandoned(flight) {
      closed(flight)
      return undefined
    },
    certain: () => certain,
    retained: () => values.size + observers.size + unsettled.length() + readable.length + replaced.length(),
  }
}

const unread = (value: ValueName, call: number, replaces: ValueName | undefined): Written => ({
  value,
  call,
  replaces,
  block: undefined,
  first: -1,
  next: undefined,
  twins: undefined,
})

interface Queue<T> {
  push(item: T): void
  shift(): T
  at(position: number): T
  length(): number
}

/** Creates a queue with amortized constant time. */
function createQueue<T>(): Queue<T> {
  let items: T[] = []
  let head = 0
  return {
    push: (item) => {
      items.push(item)
    },
    shift() {
      const item = items[head++] as T
      if (head > 32 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    at: (position) => items[head + position] as T,
    length: () => items.length - head,
  }
}
