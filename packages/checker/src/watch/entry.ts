import type { History } from '@chaosproxy/history'
import type { ModelEntry } from '../judge/entry.ts'
import { createFindings, headlineOfGuarantees, verdictsOf } from '../judge/guarantees.ts'
import type { Report } from '../judge/report.ts'
import { faults, type Guarantee, guarantees, type WatchLevel, watchLadder } from './guarantees.ts'
import { functions, readRecord, type Watch } from './record.ts'
import { type Sent, scanWatch } from './scan.ts'
import { createScopes } from './scope.ts'
import { buildTimeline } from './timeline.ts'
import { createWords } from './words.ts'

/**
 * Judges streams of changes by each guarantee. Linear in writes and events, with one more pass over the writes for each
 * scope of watches.
 */
export const watchEntry: ModelEntry<WatchLevel> = {
  name: 'watch',
  aliases: [],
  summary: 'watches, which stream the changes of a store in the order of their revisions',
  functions,
  knows: (f) => (functions as readonly string[]).includes(f),
  levels: watchLadder.levels,
  needs: [
    { what: 'watched', functions: ['watched'] },
    { what: 'write', functions: ['put', 'delete', 'txn'] },
  ],
  record: { mayLackInput: [], mayLackKey: true, mayBeTaken: false },
  judge: {
    ladder: watchLadder,
    sharesKeys: false,
    check,
    headline: (verdicts) => headlineOfGuarantees(verdicts, faults),
  },
}

function check(history: History, { name }: Pick<ModelEntry<WatchLevel>, 'name'>): Report<WatchLevel> {
  const record = readRecord(history)
  const { callEvent } = history.operations
  const timeline = buildTimeline(record, callEvent)
  const scopes = createScopes(timeline)
  const words = createWords(history)
  const findings = createFindings<Guarantee>()
  const sent = new Map<string, Sent>()
  for (const { watch, delivery, event, against, why } of timeline.falsehoods) {
    const core = [...new Set([watch.row, delivery.row, ...(against === undefined ? [] : [against])])].sort(
      (a, b) => a - b,
    )
    const sentence = `${words.watch(watch)} was sent ${words.change(event)}${words.arrived(delivery.row)}: ${why}.`
    findings.sink.found({ guarantee: 'truthful', sentence, core, context: [], culprit: delivery.row })
  }
  for (const watch of record.watches.values())
    sent.set(
      watch.id,
      scanWatch({
        ...{ watch, timeline, callEvent, words, compactions: record.compactions },
        scope: scopes(watch),
        before: watch.resumes === undefined ? undefined : sent.get(watch.resumes),
        ...findings.sink,
      }),
    )
  if (timeline.contradiction !== undefined)
    for (const guarantee of guarantees) {
      findings.unsure.set(guarantee, timeline.contradiction)
      if (!ofTheStreamAlone.includes(guarantee)) findings.best.delete(guarantee)
    }
  if (!isFollowed(record.watches)) findings.unsure.set('live', 'no watch was followed after everything was healed')
  const levels = verdictsOf(guarantees, findings)
  return {
    model: name,
    levels,
    headline: headlineOfGuarantees(levels, faults),
    info: { total: timeline.open.length },
    lost: [],
  }
}

/** The guarantees that can be broken regardless of the writes. */
const ofTheStreamAlone: readonly Guarantee[] = ['filtered', 'ordered', 'unique', 'future']

const isFollowed = (watches: ReadonlyMap<string, Watch>): boolean =>
  [...watches.values()].some(({ deliveries }) => deliveries.some(({ final }) => final))
