import {
  type CheckOptions,
  check,
  decidedByStart,
  entriesOf,
  limitedTo,
  type Model,
  type ModelName,
  type OnlineChecker,
  startOf,
  type Verdict,
  withMembers,
} from '@chaosproxy/checker'
import {
  type EventInput,
  type Header,
  type History,
  historyFromEvents,
  type Json,
  UserError,
} from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'
import { leftOutReads } from './left-out-reads.ts'
import { missingSuccesses, withoutSuccesses } from './vacuity.ts'

export interface RecordSoFar extends Pick<Workload, 'initial'> {
  readonly model: ModelName | Model<unknown>
  readonly mapping?: Header['mapping']
  /** The function `vacuous` of the workload that makes the operations. Absent if no workload makes them. */
  readonly vacuous?: Workload['vacuous'] | undefined
}

/** The events recorded so far, as the final check would see them. */
export interface LiveRecord {
  took(event: EventInput): void
  /** Returns why both a correct and a broken system could have this record. Undefined if they could not. */
  missing(level: string): string | undefined
  /**
   * Returns why a check of the record does not confirm the online verdict on a level. If `violation` is given, this
   * verdict is `violated`; otherwise it is `met`. Returns undefined if the check confirms the verdict, or runs out of
   * time or memory.
   */
  objection(level: string, violation: Proven | undefined): string | undefined
}

type Proven = NonNullable<ReturnType<OnlineChecker['violation']>>

/** The maximum number of entries to hold. Of a longer record, the newest events are held. */
const MOST_ENTRIES = 200_000

/** The step limit for one check of the record, about a quarter of a second. */
const STEPS = 2_500_000
const MEMORY_BYTES = 500_000_000

/** Creates a record that holds the events so far. Its answers come from the functions that judge whole histories. */
export function createLiveRecord({ model, initial, mapping, vacuous }: RecordSoFar): LiveRecord {
  const header: Header = { chaos: 1, initial, ...(mapping === undefined ? {} : { mapping }) }
  let held: EventInput[] = []
  let entries = 0
  let isWhole = true
  /** Whether the record proved something (see `missing`) before its oldest events were forgotten. */
  let isProven = false
  /** A doubt that the forgotten events raise, and that no later event can remove. Undefined if there is none. */
  let lasting: string | undefined
  let objected: string | undefined

  const historyOf = (): History => historyFromEvents(held, { header })
  function optionsFor(level: string, history: History): CheckOptions<string> {
    const start: Json = startOf(typeof model === 'string' ? model : model.name, initial, history)
    const limits = { memoryBytes: MEMORY_BYTES, ...limitedTo(STEPS) }
    return { model, initial: start, levels: [level], explain: false, ...limits }
  }
  function doubtsOf(history: History, options: CheckOptions<string>): readonly string[] {
    if (isProven) return leftOutReads(history)
    const missing =
      vacuous === undefined
        ? missingSuccesses(history, options)
        : withoutSuccesses(history, { model, initial, vacuous })
    return [...missing, ...leftOutReads(history)]
  }
  /** Returns the answer about the record, or why the record is refused. */
  function unlessRefused(answer: (history: History) => string | undefined): string | undefined {
    try {
      return answer(historyOf())
    } catch (error) {
      if (error instanceof UserError) return error.message
      throw error
    }
  }
  function forgetOldest(): void {
    lasting ??= unlessRefused((history) => {
      isProven ||= doubtsOf(history, optionsFor('', history)).length === 0
      return leftOutReads(history)[0]
    })
    isWhole = false
    held = newestHalf(held)
    entries = held.reduce((sum, { value }) => sum + entriesOf(value), 0)
  }
  return {
    took(event) {
      held.push(withMembers(event))
      entries += entriesOf(event.value)
      if (entries > MOST_ENTRIES) forgetOldest()
    },
    missing: (level) =>
      unlessRefused((history) => {
        const options = optionsFor(level, history)
        return lasting ?? doubtsOf(history, options)[0] ?? (isWhole ? decidedByStart(history, options)[0] : undefined)
      }),
    objection(level, violation) {
      if (!isWhole) return objected
      const said = violation === undefined ? 'met' : 'violated'
      objected = unlessRefused((history) => {
        const options = { ...optionsFor(level, history), proven: violation }
        return objectionTo(said, check(history, options).levels[level])
      })
      return objected
    },
  }
}

function objectionTo(said: 'met' | 'violated', verdict: Verdict | undefined): string | undefined {
  if (verdict === undefined || verdict.result === said) return undefined
  if (verdict.result === 'met') return 'a check of all events finds an order that explains them'
  if (verdict.result === 'violated')
    return `a check of all events finds a violation: ${verdict.counterexample.sentence}`
  const { kind, text } = verdict.reason
  return kind === 'time' || kind === 'memory' ? undefined : text
}

/** Returns the newest half of the events, preceded by the earlier calls that had not returned. */
function newestHalf(events: readonly EventInput[]): EventInput[] {
  const middle = events.length >> 1
  const open = new Map<EventInput['process'], EventInput>()
  for (const event of events.slice(0, middle)) {
    if (event.type === 'invoke') open.set(event.process, event)
    else open.delete(event.process)
  }
  return [...open.values(), ...events.slice(middle)]
}
