import type { MergedFile } from '../columns/merged-files.ts'
import { UserError } from '../event/error.ts'
import type { EventInput, Header, Process } from '../event/event.ts'
import { rules } from '../event/rules.ts'
import type { EventSink } from '../event/sink.ts'
import { sizeInHeap } from '../tables/memory.ts'
import { isClient } from '../tables/processes.ts'
import { canonical } from '../tables/value.ts'

interface Timed {
  readonly event: EventInput
  /** Counted through all files. */
  readonly line: number
  readonly time: number
  readonly file: number
  /** Its place among events at the same time. */
  rank: number
}

interface ReadFile {
  readonly name: string
  readonly linesBefore: number
  readonly events: Timed[]
  readonly header: Header | undefined
}

/**
 * Holds the events of one file, or of several that were recorded at the same time, and passes them on in the order of their
 * times. Nothing orders operations of different processes of which one ends when another begins, so the invocation comes
 * first, which makes them concurrent.
 */
export class TimeOrder {
  readonly #files: ReadFile[] = []
  readonly #warnings: string[] = []
  #lines = 0
  #count = 0
  #sampledBytes = 0

  get sizeBytes(): number {
    return this.#count === 0 ? 0 : (this.#sampledBytes / Math.ceil(this.#count / SAMPLED_EVERY)) * this.#count
  }

  get eventCount(): number {
    return this.#count
  }

  /** Undefined for one file. */
  get files(): readonly MergedFile[] | undefined {
    return this.#files.length < 2 ? undefined : this.#files.map(({ name, linesBefore }) => ({ name, linesBefore }))
  }

  /** Receives the next file; `ended` takes the number of its lines. */
  file(name: string): { readonly sink: EventSink; readonly ended: (lines: number) => void } {
    const events: Timed[] = []
    const file: { -readonly [Member in keyof ReadFile]: ReadFile[Member] } = {
      ...{ name, events, linesBefore: this.#lines },
      header: undefined,
    }
    const number = this.#files.push(file) - 1
    const before = this.#lines
    const sink: EventSink = {
      header: (header) => {
        file.header = header
      },
      warn: (message) => this.#warnings.push(message),
      event: (event, line) => {
        if (this.#count % SAMPLED_EVERY === 0) this.#sampledBytes += sizeInHeap(event) + TIMED_BYTES
        this.#count += 1
        const { time = events.at(-1)?.time ?? Number.NEGATIVE_INFINITY } = event
        events.push({ event, line: before + line, time, file: number, rank: 0 })
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
   * Passes all events on.
   *
   * @throws UserError for a file without times, and for files that describe different objects.
   */
  pass(sink: EventSink): void {
    const header = this.#header()
    if (header !== undefined) sink.header(header)
    for (const message of this.#warnings) sink.warn(message)
    for (const { name, events } of this.#files)
      if (events.length > 0 && events.at(-1)?.time === Number.NEGATIVE_INFINITY)
        throw new UserError('input', `${name}: ${rules.noTimes}`)
    const names = apart(this.#files)
    const sorted = this.#files.map(({ events }) => events.sort((a, b) => a.time - b.time))
    for (const events of sorted) rankTies(events)
    for (const { event, line, file } of sorted.flat().sort((a, b) => a.time - b.time || a.rank - b.rank)) {
      const { index: _, ...unplaced } = event
      const process = names[file]?.get(event.process)
      sink.event(process === undefined ? unplaced : { ...unplaced, process }, line)
    }
  }

  #header(): Header | undefined {
    const [first, ...others] = this.#files.filter(({ header }) => header !== undefined)
    for (const other of others)
      for (const member of ['model', 'initial'] as const) {
        const [here = null, there = null] = [first?.header?.[member], other.header?.[member]]
        if (canonical(here) !== canonical(there))
          throw new UserError(
            'input',
            `${first?.name} and ${other.name} have different headers: their "${member}" is ${canonical(here)} and ${canonical(there)}. Merge files of one run only.`,
          )
      }
    return first?.header
  }
}

const SAMPLED_EVERY = 64
const TIMED_BYTES = 48

/** Ranks events at the same time: the order of each process stays, and otherwise invocations come first. */
function rankTies(sorted: readonly Timed[]): void {
  const next = new Map<Process, Timed>()
  for (const each of sorted.toReversed()) {
    const { process, type } = each.event
    const isFollowed = next.get(process)?.time === each.time
    each.rank = type === 'invoke' ? INVOKED : isFollowed ? RETURNED_BEFORE_NEXT : RETURNED
    next.set(process, each)
  }
  const previous = new Map<Process, Timed>()
  for (const each of sorted) {
    const before = previous.get(each.event.process)
    if (before?.time === each.time) each.rank = Math.max(before.rank, each.rank === INVOKED ? INVOKED_NEXT : each.rank)
    previous.set(each.event.process, each)
  }
}

const INVOKED = 0
const RETURNED_BEFORE_NEXT = 1
const INVOKED_NEXT = 2
const RETURNED = 3

/** By file: new names for processes whose names are in several files. */
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
