import type { MergedFile } from '../columns/merged-files.ts'
import { Epoch } from '../event/epoch.ts'
import { inputError } from '../event/error.ts'
import type { EventInput, Header, Process } from '../event/event.ts'
import { brokenRule, rules } from '../event/rules.ts'
import type { EventSink } from '../event/sink.ts'
import type { Taken } from '../event/taken.ts'
import { sizeInHeap } from '../tables/memory.ts'
import { isClient } from '../tables/processes.ts'
import { canonical } from '../tables/value.ts'
import type { Ordering } from './disorder.ts'
import { stampsOf, stampsText } from './stamps.ts'

interface Timed {
  readonly event: EventInput
  /** The name of the process, unique among all files. */
  process: Process
  /** Line number, counted through all files. */
  readonly line: number
  readonly time: number
  readonly file: number
  /** Events with equal times are ordered by `rank`, then by file, then by `turn`. */
  rank: number
  turn: number
}

interface ReadFile {
  readonly name: string
  readonly linesBefore: number
  readonly events: Timed[]
  readonly header: Header | undefined
}

/**
 * Passes on events in the order of their times, from one file or several of the same period. Describes the stamps to
 * the sink (see `Stamps`). If times are equal, passes on the ends of earlier operations before calls.
 */
export class TimeOrder {
  readonly epoch: Epoch
  readonly #ordering: Ordering
  readonly #files: ReadFile[] = []
  readonly #warnings: Parameters<EventSink['warn']>[] = []
  readonly #taken: Taken[] = []
  #lines = 0
  #count = 0
  #sampledBytes = 0

  /** @param epoch the origin from which the events' times count */
  constructor(ordering: Ordering = {}, epoch: Epoch = new Epoch()) {
    this.#ordering = ordering
    this.epoch = epoch
  }

  get sizeBytes(): number {
    return this.#count === 0 ? 0 : (this.#sampledBytes / Math.ceil(this.#count / SAMPLED_EVERY)) * this.#count
  }

  get eventCount(): number {
    return this.#count
  }

  get files(): readonly MergedFile[] | undefined {
    return this.#files.length < 2 ? undefined : this.#files.map(({ name, linesBefore }) => ({ name, linesBefore }))
  }

  /** Starts the next file. `sink` receives its events, and `ended` receives the number of its lines. */
  file(name: string): { readonly sink: EventSink; readonly ended: (lines: number) => void } {
    const events: Timed[] = []
    const file: { -readonly [Member in keyof ReadFile]: ReadFile[Member] } = {
      ...{ name, events, linesBefore: this.#lines },
      header: undefined,
    }
    const number = this.#files.push(file) - 1
    const before = this.#lines
    const sink: EventSink = {
      epoch: this.epoch,
      header: (header) => {
        file.header = header
      },
      warn: (...warning) => this.#warnings.push(warning),
      taken: (members) => this.#taken.push(...members),
      event: (event, line) => {
        if (this.#count % SAMPLED_EVERY === 0) this.#sampledBytes += sizeInHeap(event) + TIMED_BYTES
        this.#count += 1
        const { time = events.at(-1)?.time ?? Number.NEGATIVE_INFINITY } = event
        events.push({ event, process: event.process, line: before + line, time, file: number, rank: 0, turn: 0 })
      },
    }
    return {
      sink,
      ended: (lines) => {
        this.#lines = Math.max(before + lines, events.at(-1)?.line ?? 0)
      },
    }
  }

  /**
   * Passes all events to the sink.
   *
   * @throws UserError for a file without times, and for files that describe different objects.
   */
  pass(sink: EventSink): void {
    const header = this.#header()
    if (header !== undefined) sink.header(header)
    for (const warning of this.#warnings) sink.warn(...warning)
    if (this.#taken.length > 0) sink.taken?.(this.#taken)
    for (const { name, events } of this.#files)
      if (events.length > 0 && events.at(-1)?.time === Number.NEGATIVE_INFINITY)
        throw inputError(`${name}: ${rules.noTimes}`)
    this.#refuseTwoScales()
    const names = apart(this.#files)
    const areOwn = this.#files.map(namesClientsByLines)
    for (const { events } of this.#files) {
      events.sort((a, b) => a.time - b.time)
      rankTies(events)
    }
    const sorted = this.#files.flatMap(({ events }) => events)
    for (const each of sorted) each.process = names[each.file]?.get(each.process) ?? each.process
    sorted.sort((a, b) => a.time - b.time || a.rank - b.rank || a.file - b.file || a.turn - b.turn)
    const stamps = stampsOf(sorted, this.epoch, this.#ordering)
    if (stamps !== undefined) {
      sink.warn(`${this.#name}: ${stampsText(stamps)}.`)
      sink.stamped?.(stamps)
    }
    for (const { event, process, line, file } of sorted) {
      const { index: _, ...unplaced } = event
      const session = areOwn[file] === true ? renamed(event.session, names[file]) : undefined
      const named = session === undefined ? unplaced : { ...unplaced, session }
      sink.event(process === event.process ? named : { ...named, process }, line)
    }
  }

  /** @throws UserError if the times lie decades apart, because their units or their clocks must then differ. */
  #refuseTwoScales(): void {
    let earliest: Timed | undefined
    let latest: Timed | undefined
    for (const { events } of this.#files)
      for (const each of events) {
        if (!Number.isFinite(each.time)) continue
        if (earliest === undefined || each.time < earliest.time) earliest = each
        if (latest === undefined || each.time > latest.time) latest = each
      }
    if (earliest === undefined || latest === undefined) return
    const { seconds, nanos } = this.epoch.from
    const since1970 = ({ time }: Timed): number => seconds * 1e9 + nanos + time
    if (since1970(latest) < IN_2001 || 2 * since1970(earliest) > since1970(latest)) return
    const placeOf = ({ file, line }: Timed): readonly [name: string, line: number] => {
      const { name = '', linesBefore = 0 } = this.#files[file] ?? {}
      return [name, line - linesBefore]
    }
    const [name, line] = placeOf(latest)
    const other = this.#files.length === 1 ? `line ${line}` : `${name}:${line}`
    throw brokenRule(
      ...placeOf(earliest),
      `its time is of another unit or another clock than that of ${other}: they are decades apart. Write all times by one clock and in one unit.`,
    )
  }

  get #name(): string {
    const [first] = this.#files
    return first === undefined || this.#files.length > 1 ? `${this.#files.length} files` : first.name
  }

  #header(): Header | undefined {
    const [first, ...others] = this.#files.filter(({ header }) => header !== undefined)
    for (const other of others)
      for (const member of ['model', 'initial'] as const) {
        const [here = null, there = null] = [first?.header?.[member], other.header?.[member]]
        if (canonical(here) !== canonical(there))
          throw inputError(
            `${first?.name} and ${other.name} have different headers: their "${member}" is ${canonical(here)} and ${canonical(there)}. Merge files of one run only.`,
          )
      }
    return first?.header
  }
}

/** Nanoseconds from 1970 to 2001. */
export const IN_2001 = 1e18

const SAMPLED_EVERY = 64
const TIMED_BYTES = 64

/**
 * Ranks events with equal times: the ends of earlier operations, then operations without duration, then the calls of
 * operations that end later. Keeps the order of each process.
 */
function rankTies(sorted: readonly Timed[]): void {
  const open = new Map<Process, Timed>()
  for (const [turn, each] of sorted.entries()) {
    const { process, type } = each.event
    const called = open.get(process)
    each.turn = turn
    each.rank = type === 'invoke' || called === undefined ? BEGUN : ENDED
    if (type === 'invoke') open.set(process, each)
    else open.delete(process)
    if (type === 'invoke' || called?.time !== each.time) continue
    called.rank = each.rank = WITHOUT_DURATION
    each.turn = called.turn
  }
}

const ENDED = 0
const WITHOUT_DURATION = 1
const BEGUN = 2

/** Whether each line of a file names its client. The same name may then denote different clients in different files. */
const namesClientsByLines = ({ header }: ReadFile): boolean =>
  header?.sessions === undefined || header.sessions.by.startsWith('member ')

/** Returns the new name of a session. Undefined unless the process with the session's name was renamed. */
const renamed = (session: string | undefined, names: ReadonlyMap<Process, Process> | undefined): string | undefined => {
  const name = session === undefined ? undefined : (names?.get(session) ?? names?.get(Number(session)))
  return name === undefined ? undefined : String(name)
}

/** New names, by file, for processes that occur in several files. */
function apart(files: readonly ReadFile[]): readonly ReadonlyMap<Process, Process>[] {
  const used = files.map(({ events }) => new Set(events.map(({ event }) => event.process).filter(isClient)))
  const seen = new Map<string, number>()
  for (const processes of used) for (const each of processes) seen.set(String(each), (seen.get(String(each)) ?? 0) + 1)
  const labels = labelsOf(files.map(({ name }) => name))
  return used.map(
    (processes, file) =>
      new Map(
        [...processes]
          .filter((process) => (seen.get(String(process)) ?? 0) > 1)
          .map((process) => [process, `${labels[file]}/${process}`]),
      ),
  )
}

/** The shortest distinct names of files: `c1` for `logs/c1.jsonl`. */
function labelsOf(names: readonly string[]): readonly string[] {
  const bases = names.map((name) => name.replace(/^.*\//, ''))
  const stems = bases.map((base) => base.replace(/(?<=.)\.[^/]*$/, ''))
  const isUnique = (labels: readonly string[]) => new Set(labels).size === names.length
  return isUnique(stems) ? stems : isUnique(bases) ? bases : names
}
