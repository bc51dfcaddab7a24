import type { Ordering } from '../builder/disorder.ts'
import { TimeOrder } from '../builder/time-order.ts'
import { Epoch } from '../event/epoch.ts'
import { UserError } from '../event/error.ts'
import type { EventInput, Process } from '../event/event.ts'
import { brokenRule, EventError } from '../event/rules.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { sizeInHeap } from '../tables/memory.ts'
import { plural } from '../text/figures.ts'
import { headerOfMembers, membersOf } from './event-members.ts'
import { parseJson } from './json-text.ts'
import { type OperationLine, operationOf, timeNames } from './operation-members.ts'
import { type Extent, extentOf, instantOf, NANOSECONDS, unitOf, valueOfParts } from './time-units.ts'

const NEWLINE = 10

interface Options {
  readonly source: string
  readonly sink: EventSink
  /** What is known of the clocks. */
  readonly ordering?: Ordering | undefined
}

interface Read extends OperationLine {
  readonly line: number
}

/**
 * Reads one operation per line, with the times of its call and return. Events are passed on in the order of these times. Where
 * one operation ends when another begins, they are concurrent, as Porcupine has it.
 */
export class OperationLinesReader implements ChunkReader {
  line = 1
  readonly #options: Options
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  readonly #operations: Read[] = []
  /** Of their first operation. */
  #timeNames: readonly string[] = []
  #sampledBytes = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** All operations are held until the last is read: any line may have been called before the others. */
  get held(): { readonly events: number; readonly bytes: number } {
    const { length } = this.#operations
    const sampled = Math.max(1, Math.ceil(length / SAMPLED_EVERY))
    return { events: 2 * length, bytes: (this.#sampledBytes / sampled) * length }
  }

  read(bytes: Uint8Array, start: number, end: number, last: boolean): number {
    let at = start
    while (at < end) {
      const newline = bytes.indexOf(NEWLINE, at)
      const isWhole = newline >= 0 && newline < end
      if (!isWhole && !last) return at
      const lineEnd = isWhole ? newline : end
      this.#take(bytes.subarray(at, lineEnd), isWhole)
      at = lineEnd + 1
      this.line += 1
    }
    if (last) this.#end()
    return end
  }

  #take(bytes: Uint8Array, isWhole: boolean): void {
    const { source, sink } = this.#options
    try {
      const text = this.#decoder.decode(bytes)
      if (text.trim() === '') return
      const members = membersOf(parseJson(text))
      const header = headerOfMembers(members)
      if (header !== undefined) {
        sink.header(header)
        return
      }
      const operation = operationOf(members)
      if (this.#operations.length === 0) this.#timeNames = timeNames(members)
      if (this.#operations.length % SAMPLED_EVERY === 0)
        this.#sampledBytes += sizeInHeap({ ...operation, call: 0, returned: 0 }) + HELD_BYTES
      this.#operations.push({ ...operation, line: this.line })
    } catch (error) {
      if (error instanceof EventError || error instanceof UserError) throw brokenRule(source, this.line, error.message)
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error
      if (isWhole || this.#operations.length === 0)
        throw brokenRule(
          source,
          this.line,
          'bad JSON. Every line is one JSON object: an operation with its "call" and "return".',
        )
      sink.warn(`${source}:${this.line}: the last line is cut off and is left out.`)
    }
  }

  #end(): void {
    const { source, sink, ordering } = this.#options
    const unit = this.#operations.length === 0 ? NANOSECONDS : unitOf(this.#timeNames, timesOf(this.#operations))
    if (unit.guessed)
      sink.warn(
        `${source}: the times of calls and returns are taken for ${unit.name}. Name the unit in the members, as in "call_ms".`,
      )
    const { epoch = new Epoch() } = sink
    const timeOf = (parts: bigint): number => epoch.sinceInstant(instantOf(parts, unit))
    const { events, overlapping } = eventsOf(this.#operations, timeOf)
    if (overlapping > 0)
      sink.warn(
        `${source}: ${plural(overlapping, 'operation')} began while another of the same client was under way; each of these is a process of its own.`,
      )
    const order = new TimeOrder(ordering, epoch)
    const file = order.file(source)
    for (const { event, line } of events) file.sink.event(event, line)
    order.pass(sink)
  }
}

const SAMPLED_EVERY = 64
/** An operation's line, and the two events that it becomes. */
const HELD_BYTES = 400

function timesOf(operations: readonly Read[]): Extent {
  let [earliest, latest, hasFractions] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false]
  for (const { call, returned = call } of operations) {
    const both = extentOf([valueOfParts(call), valueOfParts(returned)])
    earliest = Math.min(earliest, both.earliest)
    latest = Math.max(latest, both.latest)
    hasFractions ||= both.hasFractions
  }
  return { earliest, latest, hasFractions }
}

function eventsOf(
  operations: readonly Read[],
  timeOf: (parts: bigint) => number,
): { readonly events: readonly Numbered[]; readonly overlapping: number } {
  const lanes = new Lanes()
  const events: Numbered[] = []
  for (const operation of operations.toSorted(
    (a, b) => compared(a.call, b.call) || compared(a.returned ?? NEVER, b.returned ?? NEVER),
  )) {
    const { call, returned, type, event, input, output, line } = operation
    const process = lanes.processOf(operation)
    const time = timeOf(call)
    events.push({ event: { ...event, process, type: 'invoke', value: input ?? null, time }, line })
    if (returned === undefined && type === 'info') continue
    const answer = output === undefined || type !== 'ok' ? {} : { value: output }
    const { final: _, ...rest } = event
    const ended = timeOf(returned ?? call)
    events.push({ event: { ...rest, process, type, time: ended, ...answer }, line })
  }
  return { events, overlapping: lanes.overlapping }
}

interface Numbered {
  readonly event: EventInput
  readonly line: number
}

const NEVER = Number.POSITIVE_INFINITY

const compared = (one: bigint | number, other: bigint | number): number => (one < other ? -1 : one > other ? 1 : 0)

/** One process of a client: until when its last operation took, and the line of that. */
interface Lane {
  readonly process: Process
  until: bigint | number
  line: number
}

/** Gives operations of one client that overlap processes of their own. */
class Lanes {
  overlapping = 0
  readonly #byClient: Map<Process, Lane[]> = new Map()

  processOf({ process: said, line, call, returned, type }: Read): Process {
    const client = said ?? `line ${line}`
    const own = this.#byClient.get(client) ?? []
    if (own.length === 0) this.#byClient.set(client, own)
    // At one time, the order of lines tells what a client did first.
    let lane = own.find((each) => each.until < call || (each.until === call && each.line < line))
    if (lane === undefined) {
      if (own.some(({ until }) => until !== NEVER)) this.overlapping += 1
      lane = { process: own.length === 0 ? client : `${client}/${own.length + 1}`, until: NEVER, line }
      own.push(lane)
    }
    // After an unknown outcome a process does nothing more.
    lane.until = type === 'info' ? NEVER : (returned ?? call)
    lane.line = line
    return lane.process
  }
}
