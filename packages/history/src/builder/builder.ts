import { Columns } from '../columns/columns.ts'
import {
  FAIL,
  FLAG_ANSWERED,
  FLAG_FINAL,
  FLAG_NO_RESULT,
  FLAG_UNSAID,
  FLAG_VERSION,
  INFO,
  OK,
} from '../columns/history-columns.ts'
import type { MergedFile } from '../columns/merged-files.ts'
import { ClockNotes } from '../event/clocks.ts'
import { Epoch } from '../event/epoch.ts'
import { CannotPack, isNoError, type UserError } from '../event/error.ts'
import type { Format } from '../event/event.ts'
import {
  type Event,
  type EventInput,
  eventTypes,
  type Header,
  isWhole,
  type Process,
  type Stamps,
} from '../event/event.ts'
import { RecorderNotes, type TransactionNote, transactionNoteOf } from '../event/marks.ts'
import { rules, shortened } from '../event/rules.ts'
import type { EventSink } from '../event/sink.ts'
import type { Taken } from '../event/taken.ts'
import { nanos } from '../event/units.ts'
import type { History } from '../history/history.ts'
import { historyOf } from '../history/lending.ts'
import { meaningOf } from '../operations/meaning.ts'
import { ByteTable, KnownTexts } from '../tables/byte-table.ts'
import { KeyNumbers, keyName } from '../tables/key-numbers.ts'
import { inHeap, inSharedMemory, int32Array, sizeInHeap } from '../tables/memory.ts'
import { clientNumber, isClient, ProcessTable } from '../tables/processes.ts'
import { SessionTable } from '../tables/sessions.ts'
import { isTransaction } from '../tables/transactions.ts'
import { type ValueId, ValueTable } from '../tables/value.ts'
import {
  AnsweredValues,
  fillInVersions,
  missingInputFlags,
  refuseUnread,
  type UnreadAnswer,
  unreadIn,
} from './answered-values.ts'
import { Attempts } from './attempts.ts'
import { type Built, brokenAt, mixed, otherFunction, processName, twoInFlight, typeName } from './breaches.ts'
import { Disorder, type Ordering, OutOfOrder } from './disorder.ts'
import { EdgeEventList } from './edge-events.ts'
import { EdgeNotes, type Edges } from './edges.ts'
import {
  cutOffWarning,
  nothingTolerated,
  otherValuesWarning,
  probableUnit,
  sharedIdWarning,
  type Tolerated,
  warningsAbout,
} from './tolerated.ts'

/** The value id of an event without a value. */
export const NO_VALUE = -2

/** Event types as numbers: positions in `eventTypes`. */
const INVOKE = 0

/** The formats whose members can have other names: `--map` applies to them. */
const FORMATS_WITH_MEMBERS: ReadonlySet<Format> = new Set(['jsonl', 'operations', 'csv'])

const NONE = -1
const MAXIMUM_FUNCTIONS = 256

// Memory of a string besides its text, measured with V8 of Node 20.
const STRING_BYTES = 24
const PROCESS_BYTES = 100

/** Above this size of the texts of values and errors, `release` forgets these texts. */
const MOST_TEXT_BYTES = 2 ** 24

export interface HistoryOptions {
  readonly source?: string | undefined
  readonly header?: Header | undefined
  readonly format?: Format | undefined
  /**
   * Whether to accept a history that has only completions, as some of Jepsen's tests record it. Each operation then
   * begins just before its completion. The real-time order may therefore be stricter than it was.
   */
  readonly completionsOnly?: boolean | undefined
  /** Whether to keep columns and texts in memory for other threads: see `History.lend`. */
  readonly shared?: boolean | undefined
  /** The estimated number of operations, so that columns need not grow. */
  readonly expectedOperations?: number | undefined
  /** Whether the events are a stretch of a recording, with operations in flight at its edges: see `Edges`. */
  readonly stretch?: boolean | undefined
  readonly ordering?: Ordering | undefined
  /** The files whose events were merged. Lines are numbered through all files. */
  readonly files?: readonly MergedFile[] | undefined
}

/**
 * Pairs invocations with completions, checks the rules of a history, and stores operations as columns. Throws
 * `SOURCE:LINE: …` at the first event that breaks a rule.
 */
export class HistoryBuilder implements EventSink {
  readonly source: string
  readonly epoch: Epoch = new Epoch()
  values: ValueTable
  readonly functions: ByteTable = new ByteTable()
  readonly keys: ByteTable
  readonly keyNumbers: KeyNumbers
  readonly nodes: ByteTable = new ByteTable()
  errors: ByteTable
  readonly processes: ProcessTable = new ProcessTable()
  readonly sessions: SessionTable = new SessionTable()
  readonly #named: string | undefined
  #format: Format | undefined
  #mayLackInvocations: boolean
  #header: Header | undefined
  readonly #columns: Columns
  readonly #nemesis: Event[] = []
  readonly #recorder: RecorderNotes = new RecorderNotes()
  readonly #warnings: string[] = []
  #isUnitGuessed = false
  #taken: readonly Taken[] | undefined
  readonly #tolerated: Tolerated = nothingTolerated()
  readonly #answers: AnsweredValues
  /** Created at the first invocation with a request id. Most histories have none. */
  #attempts: Attempts | undefined
  /** Created at the first event that needs it. */
  #clocks: ClockNotes | undefined
  /** Notes about transactions. The key is the line of the transaction's completion. */
  #transactionNotes: Map<number, TransactionNote> | undefined
  #unread: UnreadAnswer | undefined
  #events = 0
  /**
   * The approximate size in bytes of the events of the nemesis and the recorder. Excludes the events in `#unmeasured`.
   */
  #otherBytes = 0
  #unmeasured: Event[] = []
  /** The names of functions and nodes recur in nearly every event. */
  readonly #knownFunctions: KnownTexts = new KnownTexts(this.functions)
  readonly #knownNodes: KnownTexts = new KnownTexts(this.nodes)
  #clientEvents = 0
  /**
   * The notes for joining this stretch (part) of a recording with the others (see `Edges`); undefined for a whole
   * recording.
   */
  readonly #edges: EdgeNotes | undefined
  #lastIndex = NONE
  #lastIndexLine = 0
  #seenProcesses = 0
  readonly #disorder: Disorder
  readonly #files: readonly MergedFile[] | undefined
  /** The first time; NaN before it is known. */
  #first = Number.NaN
  /** The latest time so far. Before the first time it is Infinity, so that `#unusualTime` handles the first time. */
  #latest = Number.POSITIVE_INFINITY
  #latestLine = 0
  // By process number.
  /**
   * By process: the row of the operation in flight, or NONE. An `info` at line n retires the process, and the entry
   * becomes `NONE - 1 - n`.
   */
  #open: Int32Array = int32Array(64).fill(NONE)

  constructor(options: HistoryOptions = {}) {
    this.source = options.source ?? 'history'
    this.#named = options.source
    this.#header = options.header
    this.#format = options.format
    this.#mayLackInvocations = options.completionsOnly ?? false
    this.#edges = options.stretch === true ? new EdgeNotes() : undefined
    this.#disorder = new Disorder(options.ordering)
    this.#files = options.files
    const memory = options.shared === true ? inSharedMemory : inHeap
    this.values = new ValueTable(memory)
    this.errors = new ByteTable(memory)
    this.keys = new ByteTable(memory)
    this.keyNumbers = new KeyNumbers(this.keys)
    this.#columns = new Columns(Math.max(1, Math.ceil(options.expectedOperations ?? 64)), memory)
    this.#answers = new AnsweredValues(this.#columns, this.functions, this.#tolerated)
  }

  /** The number of events taken so far. */
  get eventCount(): number {
    return this.#events
  }

  get clientEvents(): number {
    return this.#clientEvents
  }

  /** Approximate memory used in bytes, including reserved capacity. */
  get sizeBytes(): number {
    for (const event of this.#unmeasured) this.#otherBytes += sizeInHeap(event)
    this.#unmeasured = []
    let bytes = this.#columns.sizeBytes + this.values.sizeBytes + this.errors.sizeBytes + this.#otherBytes
    bytes += (this.#attempts?.sizeBytes ?? 0) + (this.#clocks?.sizeBytes ?? 0)
    // `build` will create a string for each name.
    for (const names of [this.keys, this.nodes, this.sessions.names])
      bytes += 2 * names.sizeBytes + names.length * STRING_BYTES
    return bytes + this.processes.names.length * PROCESS_BYTES
  }

  header(header: Header): void {
    this.#header = header
    if (header.from !== undefined) {
      this.#format = header.from
      this.#mayLackInvocations = header.from === 'edn'
    }
  }

  warn(message: string, about?: 'unit'): void {
    this.#warnings.push(message)
    this.#isUnitGuessed ||= about === 'unit'
  }

  taken(members: readonly Taken[]): void {
    this.#taken = [...(this.#taken ?? []), ...members]
  }

  stamped(stamps: Stamps): void {
    this.#clocks ??= new ClockNotes()
    this.#clocks.stamped(stamps)
  }

  /** `line` counts from 1. By default, each event is one line. */
  event(event: EventInput, line: number = this.#events + 1): void {
    const process = this.#clientOf(event)
    if (process === undefined) {
      this.#other(event, line)
      return
    }
    const flags = (event.final === true ? FLAG_FINAL : 0) | (event.answered === true ? FLAG_ANSWERED : 0)
    if (event.extra !== undefined && event.type !== 'invoke') this.#noteTransaction(event, line)
    this.client(
      process,
      eventTypes.indexOf(event.type),
      this.#knownFunctions.numberOf(event.f),
      event.key === undefined || event.key === null ? NONE : this.keyNumbers.of(event.key),
      this.#valueOf(event),
      event.node === undefined ? NONE : this.#knownNodes.numberOf(event.node),
      event.index ?? NONE,
      event.time ?? Number.NaN,
      event.type === 'invoke' ? flags | missingInputFlags(event) : flags,
      event.error === undefined ? NONE : this.errors.internText(event.error),
      line,
      event.session === undefined ? NONE : this.sessions.names.internText(event.session),
    )
    if (event.extra === undefined) return
    this.#clocks ??= new ClockNotes()
    this.#clocks.note(line, event)
    if (event.type !== 'invoke') {
      this.#unread ??= unreadIn(event, line)
      return
    }
    this.#attempts ??= new Attempts()
    this.#attempts.note(this.#columns.length - 1, event)
  }

  #noteTransaction(event: EventInput, line: number): void {
    const note = transactionNoteOf(event)
    if (note === undefined) return
    this.#transactionNotes ??= new Map()
    this.#transactionNotes.set(line, note)
  }

  #valueOf({ f, value }: EventInput): number {
    if (value === undefined) return NO_VALUE
    return isTransaction(f) ? this.values.idOfTransaction(value) : this.values.id(value)
  }

  /**
   * Returns the number of the event's process if it is a client. Returns undefined for any other process. A name that
   * first appears in an `info` is not a client.
   */
  #clientOf({ process, type }: EventInput): number | undefined {
    const integer = clientNumber(process)
    if (integer !== undefined) return this.processes.numberOf(integer)
    const name = String(process)
    if (!isClient(name) || (type === 'info' && !this.processes.knows(name))) return undefined
    return this.processes.numberOfName(name)
  }

  /**
   * Takes a client's event as numbers: the fast path of the scanner. `type` is a position in `eventTypes`; process, f,
   * key, node, error and session are entries of this builder's tables, -1 for none; `value` is an id or NO_VALUE; an
   * absent time is NaN.
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
    session: number,
  ): void {
    if (index >= 0) this.#checkIndex(index, line)
    if (process >= this.#open.length) this.#makeRoomFor(process)
    const columns = this.#columns
    let row = this.#open[process] ?? NONE
    let position = this.#clientEvents
    if (type === INVOKE) {
      if (row >= 0) throw twoInFlight(this.#built(), process, f, row, line)
      if (this.#tolerated.lacksInvocations) throw mixed(this.#built(), line)
      if (row < NONE) this.#noteReuse(process, row, line)
      if (session !== NONE) this.#assign(process, session, line)
      if (process >= this.#seenProcesses) this.#seenProcesses = process + 1
      row = this.#call(process, f, key, value, node, flags, line, position)
      columns.callTime[row] = this.#checkTime(time, true, line, position)
      this.#open[process] = row
    } else {
      if (row < 0) {
        if (this.#edges !== undefined && process >= this.#seenProcesses) {
          this.#answeredOnly(process, type, f, key, value, node, time, flags, error, line)
          return
        }
        if (!this.#tolerated.lacksInvocations) this.#expectInvocation(process, type, f, line)
        row = this.#call(process, f, key, value, node, flags, line, position)
        columns.callTime[row] = this.#checkTime(time, true, line, position)
        position += 1
      }
      if (columns.f[row] !== f) throw otherFunction(this.#built(), process, type, f, row, line)
      if (key !== NONE) this.#checkKey(process, type, key, row, line)
      if (value !== NO_VALUE) {
        columns.output[row] = value
        // If the completion has a note, the input is only the recorder's prediction of what the statement would write.
        // The reply shows what the statement wrote, so a value that differs from the input is not an irregularity.
        const isForeseen = this.#transactionNotes?.has(line) === true
        if (value !== columns.input[row] && type - 1 === OK && !isForeseen)
          this.#answers.answered(row, value, this.values, line)
      } else if (type - 1 === OK) {
        columns.flags[row] = (columns.flags[row] ?? 0) | FLAG_NO_RESULT
        this.#answers.lacksValue(f, line)
      }
      if (node !== NONE) columns.node[row] = node
      columns.outcome[row] = type - 1 === OK && error !== NONE ? this.#outcomeWithError(error, line) : type - 1
      columns.returnEvent[row] = position
      columns.returnTime[row] = this.#checkTime(time, false, line, position)
      columns.returnLine[row] = line
      columns.error[row] = error + 1
      if (flags !== 0) columns.flags[row] = (columns.flags[row] ?? 0) | flags
      if (type - 1 === FAIL && error === NONE) this.#answers.declined(row, f)
      this.#open[process] = type - 1 === INFO && !this.#tolerated.lacksInvocations ? NONE - 1 - line : NONE
    }
    this.#clientEvents = position + 1
    this.#events += 1
  }

  /**
   * Passes the completed operations to `take`, and forgets them. If operations must not be forgotten, does nothing and
   * returns the reason.
   */
  release(take: (columns: Columns, row: number) => void): string | undefined {
    if (this.#attempts?.isEmpty === false) return 'requests that were sent several times'
    if (this.#clocks?.isEmpty === false) return 'times that do not determine the order of events'
    if (this.#answers.hasRevised && this.#isWatched) return 'revisions of puts'
    // A checker needs the transactions of all keys together.
    if (this.values.hasTransactions) return 'transactions'
    this.#answers.forget()
    this.#unread = undefined
    this.#columns.release(this.#open, take)
    if (this.values.sizeBytes > MOST_TEXT_BYTES) this.values = this.#columns.withValues(this.values, new ValueTable())
    if (this.errors.sizeBytes > MOST_TEXT_BYTES) this.errors = new ByteTable()
    return undefined
  }

  /**
   * Returns the data for joining this stretch (part) of a recording with the other stretches, including the operations
   * that are in flight at its end.
   *
   * @throws CannotPack if something in the stretch can only be judged in the whole history.
   */
  edges(isFirst: boolean): Edges {
    if (this.#edges === undefined) throw new Error('edges() needs the builder of a part, not of a whole recording')
    const { reused, lacksInvocations, withoutTime, hugeTimes, disputed } = this.#tolerated
    if (
      reused + withoutTime + hugeTimes + disputed > 0 ||
      lacksInvocations ||
      this.#warnings.length > 0 ||
      !this.#disorder.isEmpty ||
      this.#unread !== undefined
    )
      throw new CannotPack('irregularities')
    if (this.#header?.from !== undefined) throw new CannotPack('a history converted from another format')
    if (this.keyNumbers.areMixed) throw new CannotPack('keys that are not strings')
    if (this.sessions.names.length > 0 || this.#header?.sessions !== undefined) throw new CannotPack('sessions')
    if (!isFirst && (this.#header !== undefined || this.#nemesis.length > 0 || this.#recorder.hasNotes))
      throw new CannotPack('a header, faults or recorder notes after the start of the recording')
    const open = new EdgeEventList()
    for (let row = 0; row < this.#columns.length; row++) this.#noteOpen(row, open)
    return {
      ...this.#edges.noted(this.processes.names, (process) => this.#open[process] ?? NONE),
      open,
      epoch: this.epoch.from,
      lastTime: this.#latest,
      lastIndex: this.#lastIndex,
      ends: this.#recorder.hasEnded,
    }
  }

  #noteOpen(row: number, open: EdgeEventList): void {
    const { process, f, key, input, callEvent, callTime, node, flags } = this.#columns
    const flag = flags[row] ?? 0
    if ((flag & FLAG_VERSION) !== 0 || isTransaction(this.functions.text(f[row] ?? 0)))
      throw new CannotPack('operations whose input is only in their answers')
    open.add({
      position: callEvent[row] ?? 0,
      process: this.processes.names[process[row] ?? 0] ?? 0,
      type: INVOKE,
      f: f[row] ?? 0,
      key: key[row] ?? NONE,
      value: (flag & FLAG_UNSAID) === 0 ? this.values.json((input[row] ?? 0) as ValueId) : undefined,
      node: node[row] ?? NONE,
      time: callTime[row] ?? 0,
      flags: flag,
      error: undefined,
    })
  }

  /** Notes a completion whose invocation is in an earlier stretch (part) of the recording. */
  #answeredOnly(
    process: number,
    type: number,
    f: number,
    key: number,
    value: number,
    node: number,
    time: number,
    flags: number,
    error: number,
    line: number,
  ): void {
    if (isTransaction(this.functions.text(f))) throw new CannotPack('transactions')
    const position = this.#clientEvents
    if (type - 1 === OK && error !== NONE) this.#outcomeWithError(error, line)
    this.#seenProcesses = process + 1
    this.#checkTime(time, false, line, position)
    this.#edges?.answered({
      ...{ position, process: this.processes.names[process] ?? 0, type, f, key, node, time, flags },
      value: value === NO_VALUE ? undefined : this.values.json(value as ValueId),
      error: error === NONE ? undefined : this.errors.text(error),
    })
    this.#open[process] = type - 1 === INFO ? NONE - 1 - line : NONE
    this.#clientEvents = position + 1
    this.#events += 1
  }

  /** Ends the operations in flight without an outcome. Called when no more events follow. */
  giveUp(): void {
    this.#open.fill(NONE)
  }

  /**
   * Returns the history, which shares columns with the builder, so call `build` only once.
   *
   * @throws OutOfOrder if its times contradict the order of its events.
   * @throws UserError if no read has a value, but the line of a read has an unknown member, which may be the value.
   */
  build(): History {
    if (this.#unread !== undefined) refuseUnread(this.#unread, this.source, this.#columns, this.functions)
    const inversion = this.#disorder.refused(this.#columns, this.#plansCalls)
    if (inversion !== undefined) throw new OutOfOrder(this.source, this.epoch, inversion, this.#warnings)
    if (this.#answers.hasRevised && this.#isWatched) this.#answers.restore()
    const { otherValues, otherValueLine } = this.#tolerated
    const requested =
      otherValues === 0
        ? undefined
        : { values: this.#answers.requested(), warning: otherValuesWarning(this.source, otherValues, otherValueLine) }
    const shared = this.#attempts?.merge(this.#columns, this.functions)
    fillInVersions(this.#columns)
    const cutOff = cutOffWarning(this.source, this.#header, this.#recorder, this.#latest)
    return historyOf({
      header: this.#header,
      source: this.#named,
      files: this.#files,
      format: this.#format,
      operations: this.#columns.operations(),
      values: this.values,
      functions: this.functions.texts(),
      keys: this.keys.texts(),
      nodes: this.nodes.texts(),
      processNames: this.processes.names,
      sessions: this.sessions.sessions(this.#header?.sessions, this.processes.names),
      nemesis: this.#nemesis,
      marks: this.#recorder.marks(),
      passedOn: this.#recorder.passedOn(),
      errorColumn: this.#columns.error,
      errors: this.errors,
      eventCount: this.#events,
      ...(this.#taken === undefined ? {} : { taken: this.#taken }),
      ...(this.#isUnitGuessed ? { isUnitGuessed: true } : {}),
      warnings: [
        ...this.#warnings,
        ...(shared === undefined ? [] : [sharedIdWarning(this.source, shared)]),
        ...this.#disorder.warnings(this.source),
        ...warningsAbout(this.#tolerated, {
          ...{ source: this.source, clientEvents: this.#clientEvents, cutOff, requested },
          unit: probableUnit(this.#first, this.#latest),
          hasMembers: this.#format !== undefined && FORMATS_WITH_MEMBERS.has(this.#format),
        }),
      ],
      cutOff,
      requested,
      clocks: this.#clocks?.readings(),
      transactionNotes: this.#transactionNotes,
    })
  }

  /**
   * Whether the time of an invocation may be earlier than the time of the event before it. Two recorders write such
   * times: Jepsen (the time at which the invocation was due) and the proxy's recorder (the time of the first byte).
   * Both number their events, so a history without these numbers has no such times.
   */
  get #plansCalls(): boolean {
    return this.#lastIndex !== NONE && (this.#format === 'edn' || this.#header?.sessions !== undefined)
  }

  get #isWatched(): boolean {
    return this.#header?.model === 'watch' || this.functions.texts().some((f) => meaningOf(f)?.effect === 'watches')
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

  #other(input: EventInput, line: number): void {
    const index = input.index ?? NONE
    if (index >= 0) this.#checkIndex(index, line)
    // Events of a simulation have all members. They are not copied, because copying would take longer than all other
    // work.
    const event: Event = isWhole(input)
      ? input
      : {
          ...input,
          key: keyName(input.key),
          process: String(input.process),
          index: index >= 0 ? index : this.#events,
          time: nanos(input.time ?? this.#clientEvents),
          value: input.value ?? null,
        }
    this.#unmeasured.push(event)
    if (event.process === 'recorder') {
      this.#recorder.add(event, this.#clientEvents, line)
      this.#clocks ??= new ClockNotes()
      this.#clocks.recorder(event)
    } else this.#nemesis.push(event)
    this.#events += 1
  }

  #assign(process: number, session: number, line: number): void {
    const { names } = this.sessions
    const known = this.sessions.sessionOf(process)
    if (known === session) return
    if (known !== NONE) {
      throw this.#broken(line, rules.otherSession(this.#nameOf(process), names.text(session), names.text(known)))
    }
    if (process < this.#seenProcesses) {
      throw this.#broken(line, rules.lateSession(this.#nameOf(process), names.text(session)))
    }
    this.sessions.assign(process, session)
  }

  #nameOf(process: number): Process {
    return processName(this.processes, process)
  }

  #makeRoomFor(process: number): void {
    const size = process * 2
    const open = new Int32Array(size).fill(NONE)
    open.set(this.#open)
    this.#open = open
  }

  /** Returns the time to store. Times never decrease, so that no operation ends before it began. */
  #checkTime(time: number, isCall: boolean, line: number, position: number): number {
    if (time >= this.#latest) {
      if (time > Number.MAX_SAFE_INTEGER) this.#tolerated.hugeTimes += 1
      this.#latest = time
      this.#latestLine = line
      return time
    }
    return this.#unusualTime(time, isCall, line, position)
  }

  /**
   * Returns the time to store for an event whose time is unusual: the first time, a missing time, or a time that is too
   * early.
   */
  #unusualTime(time: number, isCall: boolean, line: number, position: number): number {
    const latest = this.#latest
    if (Number.isNaN(time)) {
      this.#tolerated.withoutTime += 1
      return latest === Number.POSITIVE_INFINITY ? position : latest
    }
    if (latest === Number.POSITIVE_INFINITY) {
      if (time > Number.MAX_SAFE_INTEGER) this.#tolerated.hugeTimes += 1
      this.#latest = time
      this.#latestLine = line
      this.#first = time
      this.#edges?.beganAt(time)
      return time
    }
    this.#disorder.note(isCall, { line, time, latest, latestLine: this.#latestLine })
    return latest
  }

  #checkIndex(index: number, line: number): void {
    if (index <= this.#lastIndex)
      throw this.#broken(line, rules.indexGoesBack(index, this.#lastIndex, this.#lastIndexLine))
    if (this.#lastIndex === NONE) this.#edges?.beganWith(index)
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
        rules.otherKey(this.#nameOf(process), typeName(type), this.keys.text(key), this.keys.text(called), callLine),
      )
    }
    this.#columns.key[row] = key
  }

  #expectInvocation(process: number, type: number, f: number, line: number): void {
    const open = this.#open[process] ?? NONE
    const ended = [this.#nameOf(process), typeName(type), this.functions.text(f)] as const
    if (open < NONE) throw this.#broken(line, rules.endedTwice(...ended, NONE - 1 - open))
    if (!this.#mayLackInvocations || this.#clientEvents > 0) throw this.#broken(line, rules.notInvoked(...ended))
    this.#tolerated.lacksInvocations = true
  }

  #built(): Built {
    const { functions, processes } = this
    return { source: this.source, files: this.#files, columns: this.#columns, functions, processes }
  }

  #noteReuse(process: number, retired: number, line: number): void {
    if (this.#tolerated.reused === 0) {
      this.#tolerated.reusedExample = `line ${line}: process ${this.#nameOf(process)} goes on after its info of line ${NONE - 1 - retired}`
    }
    this.#tolerated.reused += 1
  }

  /** Returns the outcome of an `ok` event with an error: OK if the text says that there is no error, otherwise INFO. */
  #outcomeWithError(error: number, line: number): number {
    if (isNoError(this.errors.text(error))) return OK
    if (this.#tolerated.disputed === 0)
      this.#tolerated.disputedExample = `line ${line}: ${JSON.stringify(shortened(this.errors.text(error)))}`
    this.#tolerated.disputed += 1
    return INFO
  }

  #broken(line: number, rule: string): UserError {
    return brokenAt(this.source, this.#files, line, rule)
  }
}

/** Builds the history of these events, in order. Lines count from 1. */
export function historyFromEvents(events: Iterable<EventInput>, options: HistoryOptions = {}): History {
  const builder = new HistoryBuilder(options)
  for (const event of events) builder.event(event)
  return builder.build()
}
