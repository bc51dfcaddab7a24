import { UserError } from './error.ts'
import type { EventInput, Header, Process } from './event.ts'
import { sizeInHeap } from './memory.ts'
import { isClient } from './processes.ts'
import { rules } from './rules.ts'
import type { EventSink } from './sink.ts'
import { canonical } from './value.ts'

interface Timed {
  readonly event: EventInput
  /** Counted through all files. */
  readonly line: number
  readonly time: number
}

/** What was read of one file. */
interface ReadFile {
  readonly name: string
  readonly events: Timed[]
  readonly header: Header | undefined
}

/**
 * Holds the events of one file, or of several that were recorded at the same time, and passes them on in the order of their
 * times. In one file, events at the same time keep the order of lines. Nothing orders events of different files at the same
 * time, so invocations come first, which makes them concurrent.
 */
export class TimeOrder {
  readonly #files: ReadFile[] = []
  readonly #warnings: string[] = []
  #lines = 0
  #count = 0
  #sampledBytes = 0

  /** Approximate memory in use. */
  get sizeBytes(): number {
    return this.#count === 0 ? 0 : (this.#sampledBytes / Math.ceil(this.#count / SAMPLED_EVERY)) * this.#count
  }

  get eventCount(): number {
    return this.#count
  }

  /** Receives the next file; `ended` takes the number of its lines. */
  file(name: string): { readonly sink: EventSink; readonly ended: (lines: number) => void } {
    const events: Timed[] = []
    const file: { -readonly [Member in keyof ReadFile]: ReadFile[Member] } = { name, events, header: undefined }
    this.#files.push(file)
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
        events.push({ event, line: before + line, time })
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
    for (const { file, timed } of inTurn(sorted)) {
      const { index: _, ...event } = timed.event
      const process = names[file]?.get(event.process)
      sink.event(process === undefined ? event : { ...event, process }, timed.line)
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

/** The next events of several files, by time. */
function* inTurn(files: readonly (readonly Timed[])[]): Generator<{ readonly file: number; readonly timed: Timed }> {
  const at = files.map(() => 0)
  for (;;) {
    let next: { readonly file: number; readonly timed: Timed } | undefined
    for (const [file, events] of files.entries()) {
      const timed = events[at[file] ?? 0]
      if (timed !== undefined && (next === undefined || isSooner(timed, next.timed))) next = { file, timed }
    }
    if (next === undefined) return
    at[next.file] = (at[next.file] ?? 0) + 1
    yield next
  }
}

const isSooner = (a: Timed, b: Timed): boolean =>
  a.time < b.time || (a.time === b.time && a.event.type === 'invoke' && b.event.type !== 'invoke')

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

/** The shortest names that tell files apart: `c1` for `logs/c1.jsonl`. */
function labelsOf(names: readonly string[]): readonly string[] {
  const bases = names.map((name) => name.replace(/^.*\//, ''))
  const stems = bases.map((base) => base.replace(/(?<=.)\.[^/]*$/, ''))
  const isUnique = (labels: readonly string[]) => new Set(labels).size === names.length
  return isUnique(stems) ? stems : isUnique(bases) ? bases : names
}
