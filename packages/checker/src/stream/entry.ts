import { type History, type Json, OK, UserError } from '@chaosproxy/history'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { IsMetBy, ModelEntry } from '../judge/entry.ts'
import { createFindings, headlineOfGuarantees, verdictsOf } from '../judge/guarantees.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { LostWrite, Report } from '../judge/report.ts'
import { createBudget } from '../limits/budget.ts'
import { stepsOf } from './forms.ts'
import { faults, type Guarantee, guarantees, type StreamLevel, streamLadder } from './guarantees.ts'
import { functions, isKnown, partitionsOf, readRecord } from './record.ts'
import { scanPartition } from './scan.ts'

/** Judges partitioned logs by each guarantee, in a few passes over each partition's sends and polls, O(n log n). */
export const streamEntry: ModelEntry<StreamLevel> = {
  name: 'stream',
  aliases: [],
  summary: 'partitioned logs with consumers and committed offsets, as in Kafka',
  functions,
  knows: isKnown,
  levels: streamLadder.levels,
  needs: [
    { what: 'poll', functions: ['poll', 'txn'], isMetBy: did('poll') },
    { what: 'send', functions: ['send', 'txn'], isMetBy: did('send') },
  ],
  record: { mayLackInput: [], mayLackKey: true, mayBeTaken: false },
  judge: {
    ladder: streamLadder,
    sharesKeys: false,
    check,
    headline: (verdicts) => headlineOfGuarantees(verdicts, faults),
  },
}

/** Whether an operation sent or polled. A transaction may do both. */
function did(what: 'send' | 'poll'): IsMetBy {
  return (history) => (row) =>
    history.operations.outcome[row] === OK && stepsOf(history, row).some(({ does }) => does === what)
}

function check(
  history: History,
  { name }: Pick<ModelEntry<StreamLevel>, 'name'>,
  options: CheckOptions<StreamLevel>,
): Report<StreamLevel> {
  requireNoStart(options.initial)
  const budget = createBudget(options)
  const record = readRecord(history)
  const findings = createFindings<Guarantee>()
  const lost: LostWrite[] = []
  for (const partition of partitionsOf(record))
    scanPartition({
      ...{ history, partition, budget },
      ...findings.sink,
      lost: ({ message, row }) => lost.push({ key: partition.name, value: JSON.parse(message), operation: row }),
    })
  const levels = verdictsOf(guarantees, findings)
  const total = record.sends.filter(({ outcome }) => outcome === 'open').length
  return { model: name, levels, headline: headlineOfGuarantees(levels, faults), info: { total }, lost }
}

/** Rejects an initial value. Offsets already show which messages are older than the record. */
function requireNoStart(initial: Json): void {
  if (initial === null || isUnknownStart(initial) || JSON.stringify(initial).length === 2) return
  throw new UserError(
    'usage',
    `the initial value of a stream cannot be ${JSON.stringify(initial)}. Leave the initial value out: the history shows the offset of the stream's first message.`,
  )
}
