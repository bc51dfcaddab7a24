import { ByteTable } from './byte-table.ts'
import { Columns } from './columns.ts'
import type { UserError } from './error.ts'
import { type Event, type EventInput, type EventType, eventTypes, type Header } from './event.ts'
import type { Format } from './format.ts'
import { FLAG_FINAL, type History, INFO } from './history.ts'
import { historyOf } from './lending.ts'
import { float64Array, inHeap, inSharedMemory, int32Array } from './memory.ts'
import { brokenRule, rules } from './rules.ts'
import type { EventSink } from './sink.ts'
import { nothingTolerated, type Tolerated, warningsAbout } from './tolerated.ts'
import { nanos } from './units.ts'
import { ValueTable } from './value.ts'

/** In place of a value id: the event does not say a value. No value has this id. */
export const NO_VALUE = -2

/** Event types as the numbers that `HistoryBuilder.client` takes: their positions in `eventTypes`. */
const INVOKE = 0

const NONE = -1
const INLINE_PROCESSES = 1 << 16
const MAXIMUM_FUNCTIONS = 256

export interface HistoryOptions {
  /** What messages call the history: the file's name. */
  readonly source?: string | undefined
  readonly header?: Header | undefined
  readonly format?: Format | undefined
  /**
   * Accept a history that has no invocations at all: each completion is then an operation of its own, invoked just
   * before (some of Jepsen's tests are recorded so). Real-time order is then stricter than it may have been.
   */
  readonly completionsOnly?: boolean | undefined
  /** Keep columns and texts where other threads can read them too: see `History.lend`. */
  readonly shared?: boolean | undefined
  /** A guess that saves growing. */
  readonly expectedOperations?: number | undefined
}

/**
 * Takes events one after the other, pairs invocations with completions, checks the rules of a history, and keeps
 * operations as columns. Errs with `SOURCE:LINE: …` at the first event that breaks a rule.
 */
export class HistoryBuilder implements EventSink {
  readonly source: string
  readonly values: ValueTable
  readonly functions: ByteTable = new ByteTable()
  readonly keys: ByteTable = new ByteTable()
  readonly nodes: ByteTable = new ByteTable()
  readonly errors: ByteTable
  readonly #named: string | undefined
  readonly #format: Format | undefined
  readonly #mayLackInvocations: boolean
  #header: Header | undefined
  readonly #columns: Columns
  readonly #nemesis: Event[] = []
  readonly #warnings: string[] = []
  readonly #tolerated: Tolerated = nothingTolerated()
  #events = 0
  #clientEvents = 0
  #lastIndex = NONE
  #lastIndexLine = 0
  // By process number. Small integers, which nearly all processes are, find their number by position, in a table that
  // is as long as the largest of them needs: short histories are built by the thousand.
  #inlineNumbers: Int32Array = int32Array(64).fill(NONE)
  readonly #otherNumbers: Map<number, number> = new Map()
  readonly #processNames: number[] = []
  /** The row of the operation in flight, or NONE; for a retired process NONE - 1 - row. */
  #open: Int32Array = int32Array(64).fill(NONE)
  #lastTime: Float64Array = float64Array(64).fill(Number.NEGATIVE_INFINITY)
  #lastTimeLine: Int32Array = int32Array(64)

  constructor(options: HistoryOptions = {}) {
    this.source = options.source ?? 'history'
    this.#named = options.source
    this.#header = options.header
    this.#format = options.format
    this.#mayLackInvocations = options.completionsOnly ?? false
    const memory = options.shared === true ? inSharedMemory : inHeap
    this.values = new ValueTable(memory)
    this.errors = new ByteTable(memory)
    this.#columns = new Columns(Math.max(1, Math.ceil(options.expectedOperations ?? 64)), memory)
  }

  header(header: Header): void {
    this.#header = header
  }

  warn(message: string): void {
    this.#warnings.push(message)
  }

  /** `line` is where the event stands in its file, 1-based; by default its place among the events. */
  event(event: EventInput, line: number = this.#events + 1): void {
    const process = clientNumber(event.process)
    if (process === undefined) {
      this.#other(event, line)
      return
    }
    this.client(
      process,
      eventTypes.indexOf(event.type),
      this.functions.internText(event.f),
      event.key === undefined ? NONE : this.keys.internText(event.key),
      event.value === undefined ? NO_VALUE : this.values.id(event.value),
      event.node === undefined ? NONE : this.nodes.internText(event.node),
      event.index ?? NONE,
      event.time ?? Number.NaN,
      event.final === true ? FLAG_FINAL : 0,
      event.error === undefined ? NONE : this.errors.internText(event.error),
      line,
    )
  }

  /**
   * A client's event, all in numbers: the fast path of the scanner. `type` is a position in `eventTypes`; f, key, node
   * and error are entries of this builder's tables, -1 for none; `value` an id or NO_VALUE; an absent time is NaN.
   */
  client(
    process: number,
    type: number,
    f: number,
    key: number,
    value: number,
    node: number,
    index: number,
    time: number,
    flags: number,
    error: number,
    line: number,
  ): void {
    if (index >= 0) this.#checkIndex(index, line)
    const number = this.#numberOf(process)
    const columns = this.#columns
    let row = this.#open[number] ?? NONE
    let position = this.#clientEvents
    if (type === INVOKE) {
      if (row >= 0) throw this.#twoInFlight(process, f, row, line)
      if (this.#tolerated.lacksInvocations) throw this.#mixed(line)
      if (row < NONE) this.#noteReuse(process, row, line)
      row = this.#call(number, f, key, value, node, flags, line, position)
      columns.callTime[row] = this.#checkTime(number, process, time, line, position)
      this.#open[number] = row
    } else {
      if (row < 0) {
        if (!this.#tolerated.lacksInvocations) this.#expectInvocation(process, type, f, line)
        row = this.#call(number, f, key, value, node, flags, line, position)
        columns.callTime[row] = this.#checkTime(number, process, time, line, position)
        position += 1
      }
      if (columns.f[row] !== f) throw this.#otherFunction(process, type, f, row, line)
      if (key !== NONE) this.#checkKey(process, type, key, row, line)
      if (value !== NO_VALUE) columns.output[row] = value
      if (node !== NONE) columns.node[row] = node
      columns.outcome[row] = type - 1
      columns.returnEvent[row] = position
      columns.returnTime[row] = this.#checkTime(number, process, time, line, position)
      columns.returnLine[row] = line
      columns.error[row] = error + 1
      if (flags !== 0) columns.flags[row] = (columns.flags[row] ?? 0) | flags
      this.#open[number] = type - 1 === INFO && !this.#tolerated.lacksInvocations ? NONE - 1 - row : NONE
    }
    this.#clientEvents = position + 1
    this.#events += 1
  }

  /** What was built so far. The columns are shared with the builder, so this is called once, at the end. */
  build(): History {
    return historyOf({
      header: this.#header,
      source: this.#named,
      format: this.#format,
      operations: this.#columns.operations(),
      values: this.values,
      functions: this.functions.texts(),
      keys: this.keys.texts(),
      nodes: this.nodes.texts(),
      processNames: this.#processNames,
      nemesis: this.#nemesis,
      errorColumn: this.#columns.error,
      errors: this.errors,
      eventCount: this.#events,
      warnings: [...this.#warnings, ...warningsAbout(this.#tolerated, this.source, this.#clientEvents)],
    })
  }

  #call(
    process: number,
    f: number,
    key: number,
    value: number,
    node: number,
    flags: number,
    line: number,
    position: number,
  ): number {
    if (f >= MAXIMUM_FUNCTIONS) throw this.#broken(line, rules.tooManyFunctions(MAXIMUM_FUNCTIONS))
    const columns = this.#columns
    const row = columns.length
    if (row === columns.capacity) columns.grow()
    columns.length = row + 1
    const input = value === NO_VALUE ? 0 : value
    columns.process[row] = process
    columns.f[row] = f
    columns.key[row] = key
    columns.input[row] = input
    columns.output[row] = input
    columns.outcome[row] = INFO
    columns.callEvent[row] = position
    columns.returnEvent[row] = NONE
    columns.returnTime[row] = Number.POSITIVE_INFINITY
    columns.node[row] = node
    columns.flags[row] = flags
    columns.callLine[row] = line
    return row
  }

  #other(event: EventInput, line: number): void {
    const index = event.index ?? NONE
    if (index >= 0) this.#checkIndex(index, line)
    const process = String(event.process)
    if (process !== 'nemesis' && event.type === 'invoke') this.#tolerated.strangers.add(process)
    this.#nemesis.push({
      ...event,
      process,
      index: index >= 0 ? index : this.#events,
      time: nanos(event.time ?? this.#clientEvents),
      value: event.value ?? null,
    })
    this.#events += 1
  }

  #numberOf(process: number): number {
    const inline = this.#inlineNumbers[process]
    const known = inline !== undefined || process < INLINE_PROCESSES ? inline : this.#otherNumbers.get(process)
    return known === undefined || known === NONE ? this.#newProcess(process) : known
  }

  #newProcess(process: number): number {
    const number = this.#processNames.length
    this.#processNames.push(process)
    if (process < INLINE_PROCESSES) {
      if (process >= this.#inlineNumbers.length) this.#inlineNumbers = extended(this.#inlineNumbers, process)
      this.#inlineNumbers[process] = number
    } else this.#otherNumbers.set(process, number)
    if (number === this.#open.length) {
      const size = number * 2
      const open = new Int32Array(size).fill(NONE)
      open.set(this.#open)
      this.#open = open
      const lastTime = new Float64Array(size).fill(Number.NEGATIVE_INFINITY)
      lastTime.set(this.#lastTime)
      this.#lastTime = lastTime
      const lastTimeLine = new Int32Array(size)
      lastTimeLine.set(this.#lastTimeLine)
      this.#lastTimeLine = lastTimeLine
    }
    return number
  }

  #checkTime(number: number, process: number, time: number, line: number, position: number): number {
    if (Number.isNaN(time)) {
      this.#tolerated.withoutTime += 1
      return position
    }
    const last = this.#lastTime[number] ?? time
    if (time < last) {
      throw this.#broken(line, rules.timeGoesBack(process, last, this.#lastTimeLine[number] ?? 0, time))
    }
    if (time > Number.MAX_SAFE_INTEGER) this.#tolerated.hugeTimes += 1
    this.#lastTime[number] = time
    this.#lastTimeLine[number] = line
    return time
  }

  #checkIndex(index: number, line: number): void {
    if (index <= this.#lastIndex)
      throw this.#broken(line, rules.indexGoesBack(index, this.#lastIndex, this.#lastIndexLine))
    this.#lastIndex = index
    this.#lastIndexLine = line
  }

  #checkKey(process: number, type: number, key: number, row: number, line: number): void {
    const called = this.#columns.key[row] ?? NONE
    if (called === key) return
    if (called !== NONE) {
      const callLine = this.#columns.callLine[row] ?? 0
      throw this.#broken(
        line,
        rules.otherKey(process, typeName(type), this.keys.text(key), this.keys.text(called), callLine),
      )
    }
    this.#columns.key[row] = key
  }

  #expectInvocation(process: number, type: number, f: number, line: number): void {
    if (!this.#mayLackInvocations || this.#clientEvents > 0) {
      throw this.#broken(line, rules.notInvoked(process, typeName(type), this.functions.text(f)))
    }
    this.#tolerated.lacksInvocations = true
  }

  #mixed(line: number): UserError {
    const first = this.#columns.process[0] ?? 0
    const f = this.functions.text(this.#columns.f[0] ?? 0)
    const type = typeName((this.#columns.outcome[0] ?? 0) + 1)
    return this.#broken(
      this.#columns.returnLine[0] ?? line,
      rules.notInvoked(this.#processNames[first] ?? first, type, f),
    )
  }

  #twoInFlight(process: number, f: number, row: number, line: number): UserError {
    const open = this.functions.text(this.#columns.f[row] ?? 0)
    return this.#broken(
      line,
      rules.twoInFlight(process, this.functions.text(f), open, this.#columns.callLine[row] ?? 0),
    )
  }

  #otherFunction(process: number, type: number, f: number, row: number, line: number): UserError {
    const open = this.functions.text(this.#columns.f[row] ?? 0)
    return this.#broken(
      line,
      rules.otherFunction(process, typeName(type), this.functions.text(f), open, this.#columns.callLine[row] ?? 0),
    )
  }

  #noteReuse(process: number, retired: number, line: number): void {
    const row = NONE - 1 - retired
    if (this.#tolerated.reused === 0) {
      this.#tolerated.reusedExample = `line ${line}: process ${process} after its info of line ${this.#columns.returnLine[row] ?? 0}`
    }
    this.#tolerated.reused += 1
  }

  #broken(line: number, rule: string): UserError {
    return brokenRule(this.source, line, rule)
  }
}

/** The same numbers, with room for this process and twice as many as there were. */
function extended(numbers: Int32Array, process: number): Int32Array {
  const longer = new Int32Array(Math.max(2 * numbers.length, process + 1)).fill(NONE)
  longer.set(numbers)
  return longer
}

const typeName = (type: number): EventType => eventTypes[type] ?? 'info'

/** The number of a client; undefined for whoever is not one. */
export function clientNumber(process: number | string): number | undefined {
  if (typeof process === 'number') return process
  return /^(0|[1-9]\d{0,14})$/.test(process) ? Number(process) : undefined
}

/** The history that these events make, in their order. Index and time may be absent. Lines count from 1. */
export function historyFromEvents(events: Iterable<EventInput>, options: HistoryOptions = {}): History {
  const builder = new HistoryBuilder(options)
  for (const event of events) builder.event(event)
  return builder.build()
}
