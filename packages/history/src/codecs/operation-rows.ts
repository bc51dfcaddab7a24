import type { Ordering } from '../builder/disorder.ts'
import { IN_2001, TimeOrder } from '../builder/time-order.ts'
import { Epoch } from '../event/epoch.ts'
import type { EventInput, Header, Json, Process } from '../event/event.ts'
import { brokenRule } from '../event/rules.ts'
import type { EventSink, Held } from '../event/sink.ts'
import { sizeInHeap } from '../tables/memory.ts'
import { canonical } from '../tables/value.ts'
import { plural } from '../text/figures.ts'
import { headerOfMembers, headerWithUnnamed } from './event-members.ts'
import { LeftOut } from './left-out.ts'
import { settled } from './open-answers.ts'
import { callOf, operationOf, type ReadOperation } from './operation-members.ts'
import { CLIENT, type Mapping, type Members, type Roles } from './roles.ts'
import { type Extent, extentOf, instantOf, NANOSECONDS, unitOf, valueOfParts } from './time-units.ts'

export interface RowsOptions {
  readonly source: string
  readonly sink: EventSink
  readonly roles: Roles
  readonly ordering?: Ordering | undefined
  readonly mapping?: Mapping | undefined
}

/**
 * Takes one operation per line, and passes on its events by time. If an operation ends at the time when another begins,
 * the two are concurrent, as in Porcupine.
 */
export class OperationRows {
  readonly #options: RowsOptions
  readonly #operations: ReadOperation[] = []
  readonly #leftOut: LeftOut = new LeftOut()
  #header: Header | undefined
  #callName = ''
  #stamp = ''
  #sampledBytes = 0

  constructor(options: RowsOptions) {
    this.#options = options
  }

  /**
   * The memory in use. It contains all operations until the end, because the first operation may be on the last line.
   */
  get held(): Held {
    const { length } = this.#operations
    const sampled = Math.max(1, Math.ceil(length / SAMPLED_EVERY))
    return { events: 2 * length, bytes: (this.#sampledBytes / sampled) * length }
  }

  leaveOut(line: number, text: string): void {
    this.#leftOut.add(line, text)
  }

  /** @throws EventError */
  take(members: Members, line: number): void {
    const { sink, roles } = this.#options
    const header = headerOfMembers(members)
    if (header !== undefined) {
      this.#header = header
      sink.header(header)
      return
    }
    const isOperation = !isAnnouncement(members, roles)
    const operation = isOperation ? operationOf(members, roles) : undefined
    if (operation === undefined) {
      this.leaveOut(line, canonical(members))
      return
    }
    if (this.#operations.length === 0) this.#callName = callOf(members, roles)?.[0] ?? ''
    if (operation.isBare) this.#stamp ||= callOf(members, roles)?.[0] ?? ''
    if (this.#operations.length % SAMPLED_EVERY === 0)
      this.#sampledBytes += sizeInHeap({ ...operation, call: 0, returned: 0 }) + HELD_BYTES
    this.#operations.push({ ...operation, line })
  }

  end(): void {
    const { source, sink, ordering, roles } = this.#options
    const leftOut = this.#leftOut.text
    if (leftOut !== undefined) sink.warn(`${source}: ${leftOut}.`)
    if (this.#operations.length === 0 && leftOut !== undefined)
      throw brokenRule(source, 1, 'no line describes an operation.')
    const operations = this.#placed(settled(this.#inOneUnit(), roles, source))
    roles.report(source, sink)
    const extent = timesOf(operations)
    // The time of a date is in nanoseconds, whatever unit the member's name shows.
    const isExact = operations.every((each) => each.unit === 1)
    const unit = isExact ? NANOSECONDS : unitOf(this.#callName, extent)
    if (unit.guessed)
      sink.warn(
        `${source}: the times of calls and returns are read as ${unit.name}. Add the unit to the names, as in "${this.#callName}_ms".`,
        ...(unit.assumed === true ? (['unit'] as const) : []),
      )
    const { epoch = new Epoch() } = sink
    this.#refuseUnitless(operations, extent.latest * unit.nanos)
    const timeOf = (parts: bigint): number => epoch.sinceInstant(instantOf(parts, unit))
    const header = this.#headerOf(operations)
    if (header !== undefined) sink.header(header)
    const { events, overlapping } = eventsOf(operations, timeOf, header?.sessions !== undefined)
    if (overlapping > 0)
      sink.warn(
        `${source}: operations of the same client overlap. They are assigned to ${plural(overlapping, 'additional process', 'additional processes')}.`,
      )
    const order = new TimeOrder(ordering, epoch)
    const file = order.file(source)
    for (const { event, line } of events) file.sink.event(event, line)
    order.pass(sink)
  }

  /**
   * Returns the header. If some operations name no client, the header says so. A log of requests rarely begins with an
   * empty server, so the initial values are unknown.
   */
  #headerOf(operations: readonly ReadOperation[]): Header | undefined {
    const isLog = operations.some(({ isRequest }) => isRequest === true)
    const given = this.#header
    const header = isLog && given?.initial === undefined ? { chaos: 1 as const, ...given, initial: 'unknown' } : given
    if (header?.sessions !== undefined || operations.every(({ process }) => process !== undefined)) return header
    return headerWithUnnamed(header, this.#options.roles.memberTaken(CLIENT))
  }

  /**
   * Converts all times to the unit of the first line.
   *
   * @throws UserError if some lines show the unit in the name of the time, as in `start_ms`, and others do not.
   */
  #inOneUnit(): readonly ReadOperation[] {
    const [first] = this.#operations
    if (first === undefined || this.#operations.every(({ unit }) => unit === first.unit)) return this.#operations
    return this.#operations.map((operation) => {
      const { unit, call, returned, line } = operation
      if (unit === first.unit) return operation
      if (unit === undefined || first.unit === undefined)
        throw brokenRule(
          this.#options.source,
          line,
          `its times have other names than those of line ${first.line}, and only one line shows the unit. Use the same names on every line.`,
        )
      const [from, to] = [BigInt(unit), BigInt(first.unit)]
      const converted = returned === undefined ? undefined : (returned * from) / to
      return { ...operation, call: (call * from) / to, returned: converted }
    })
  }

  /**
   * Refuses durations of unknown unit if the times count from 1970. The size of a time since 1970 shows the unit of the
   * time. Nothing shows the unit of the durations.
   *
   * @throws UserError if a line has a duration of unknown unit, and the times count from 1970.
   */
  #refuseUnitless(operations: readonly ReadOperation[], latestNanos: number): void {
    const first = operations.find(({ unitless }) => unitless !== undefined)
    if (first === undefined || latestNanos < IN_2001) return
    const [time, took] = [this.#callName, first.unitless]
    throw brokenRule(
      this.#options.source,
      first.line,
      `the unit of "${took}" is unknown: only the unit of "${time}" can be told from its size. Name both units, as in "${time}_ms" and "${took}_ms".`,
    )
  }

  /**
   * Decides whether a time stamp beside a duration is the call or the return. Under the wrong reading, operations of a
   * client often overlap.
   *
   * @throws UserError if nothing shows the meaning, and the order of events depends on it.
   */
  #placed(operations: readonly ReadOperation[]): readonly ReadOperation[] {
    if (this.#stamp === '') return operations
    const { source, sink } = this.#options
    const before = operations.map((each) => (each.isBare ? endingAt(each) : each))
    const isOfReturn = haveOverlap(operations)
    const isOfCall = haveOverlap(before)
    const name = JSON.stringify(this.#stamp)
    if (isOfReturn === isOfCall && !haveEqualOrders(operations, before))
      throw brokenRule(
        source,
        operations.find(({ isBare }) => isBare)?.line ?? 1,
        `it is unclear whether ${name} is the time of the call or of the return, and the order of operations depends on it. Give --map call=${this.#stamp} or --map return=${this.#stamp}`,
      )
    const isEnd = isOfReturn && !isOfCall
    const endless = operations.find(({ isBare, returned }) => isEnd && isBare && returned === undefined)
    if (endless !== undefined)
      throw brokenRule(
        source,
        endless.line,
        `this operation has no duration, so the time of its call is unknown: ${name} is the time of its return.`,
      )
    sink.warn(
      `${source}: ${name} is read as the time of the ${isEnd ? 'return' : 'call'}. If it is the ${isEnd ? 'call' : 'return'} time, give --map ${isEnd ? 'call' : 'return'}=${this.#stamp}`,
    )
    return isEnd ? before : operations
  }
}

function endingAt(operation: ReadOperation): ReadOperation {
  const { call, returned } = operation
  return returned === undefined ? operation : { ...operation, call: call - (returned - call), returned: call }
}

/** Whether both lists of the same operations have the same order of calls and returns. */
function haveEqualOrders(one: readonly ReadOperation[], other: readonly ReadOperation[]): boolean {
  const others = momentsOf(other)
  return momentsOf(one).every(
    ({ event, isFirst }, place) => event === others[place]?.event && isFirst === others[place]?.isFirst,
  )
}

/**
 * Returns all calls and returns of operations, sorted by time. `event` identifies an event: it is 2 × `line` for the
 * call of the operation on that line, and 2 × `line` + 1 for its return. `isFirst`: whether the time is later than that
 * of the preceding event.
 */
function momentsOf(
  operations: readonly ReadOperation[],
): readonly { readonly event: number; readonly isFirst: boolean }[] {
  const moments = operations.flatMap(({ call, returned, line }) => [
    { time: call, event: 2 * line },
    ...(returned === undefined ? [] : [{ time: returned, event: 2 * line + 1 }]),
  ])
  const sorted = moments.sort((a, b) => compared(a.time, b.time) || a.event - b.event)
  return sorted.map(({ time, event }, place) => ({ event, isFirst: time !== sorted[place - 1]?.time }))
}

/** Whether an operation begins before its client's previous one ends. */
function haveOverlap(operations: readonly ReadOperation[]): boolean {
  const until = new Map<Process, bigint>()
  for (const { process, call, returned = call } of operations.toSorted((a, b) => compared(a.call, b.call))) {
    if (process === undefined) continue
    if (call < (until.get(process) ?? call)) return true
    until.set(process, returned)
  }
  return false
}

/** Whether a line names neither an operation nor a time, for example a phase or a setting. */
function isAnnouncement(members: Members, roles: Roles): boolean {
  if (callOf(members, roles) !== undefined) return false
  return roles.found(members, 'key') === undefined && roles.found(members, 'process') === undefined
}

const SAMPLED_EVERY = 64
/** The memory of an operation's line and its two events. */
const HELD_BYTES = 400

function timesOf(operations: readonly ReadOperation[]): Extent {
  let [earliest, latest, hasFractions] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false]
  for (const { call, returned = call } of operations) {
    const both = extentOf([valueOfParts(call), valueOfParts(returned)])
    earliest = Math.min(earliest, both.earliest)
    latest = Math.max(latest, both.latest)
    hasFractions ||= both.hasFractions
  }
  return { earliest, latest, hasFractions }
}

/**
 * Returns the events of operations. With `areNamed`, all events name their client. Otherwise events name their client
 * only if it has several processes.
 */
function eventsOf(
  operations: readonly ReadOperation[],
  timeOf: (parts: bigint) => number,
  areNamed: boolean,
): { readonly events: readonly Numbered[]; readonly overlapping: number } {
  const lanes = new Lanes()
  const placed = operations
    .toSorted((a, b) => compared(a.call, b.call) || compared(a.returned ?? NEVER, b.returned ?? NEVER))
    .map((operation) => ({ operation, process: lanes.processOf(operation) }))
  const events = placed.flatMap(({ operation, process }): readonly Numbered[] => {
    const { process: client, call, returned, type, event, input, output, line } = operation
    const isNamed = client !== undefined && (areNamed || lanes.areSeveral(client))
    const session: { session?: string } = isNamed ? { session: String(client) } : {}
    const invoked = { ...event, ...session, process, type: 'invoke', value: input ?? null, time: timeOf(call) } as const
    if (returned === undefined && type === 'info') return [{ event: invoked, line }]
    const answer: { value?: Json } = output === undefined || type !== 'ok' ? {} : { value: output }
    const { final: _, ...rest } = event
    const ended = timeOf(returned ?? call)
    return [
      { event: invoked, line },
      { event: { ...rest, process, type, time: ended, ...answer }, line },
    ]
  })
  return { events, overlapping: lanes.overlapping }
}

interface Numbered {
  readonly event: EventInput
  readonly line: number
}

const NEVER = Number.POSITIVE_INFINITY

const compared = (one: bigint | number, other: bigint | number): number => (one < other ? -1 : one > other ? 1 : 0)

/** A process of a client. `until` and `line`: the time and the line at which its last operation ended. */
interface Lane {
  readonly process: Process
  until: bigint | number
  line: number
}

/** Gives overlapping operations of a client separate processes. */
class Lanes {
  overlapping = 0
  readonly #byClient: Map<Process, Lane[]> = new Map()

  areSeveral(client: Process): boolean {
    return (this.#byClient.get(client)?.length ?? 0) > 1
  }

  processOf({ process: named, line, call, returned, type }: ReadOperation): Process {
    const client = named ?? `line ${line}`
    const own = this.#byClient.get(client) ?? []
    if (own.length === 0) this.#byClient.set(client, own)
    // An operation may begin at the time when another ends. Their lines then show which one the client called first.
    let lane = own.find((each) => each.until < call || (each.until === call && each.line < line))
    if (lane === undefined) {
      if (own.some(({ until }) => until !== NEVER)) this.overlapping += 1
      lane = { process: own.length === 0 ? client : `${client}/${own.length + 1}`, until: NEVER, line }
      own.push(lane)
    }
    // After an unknown outcome, a process does nothing more.
    lane.until = type === 'info' ? NEVER : (returned ?? call)
    lane.line = line
    return lane.process
  }
}
