import { type History, hasTimes, inputOf } from '@chaosproxy/history'
import type { ModelEntry } from '../judge/entry.ts'
import { combinedVerdicts, createFindings } from '../judge/guarantees.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { LostWrite, Report } from '../judge/report.ts'
import { createBudget } from '../limits/budget.ts'
import type { Verdicts } from '../verdict/verdict.ts'
import { createFollowing } from './following.ts'
import { faults, type Guarantee, guarantees, promises, type WorkQueueLevel, workQueueLadder } from './guarantees.ts'
import { judgeQueue } from './judge.ts'
import { functions, readQueues } from './record.ts'

/**
 * Judges queues that lease their messages, by each guarantee, in O(n log n) if messages are distinct. An initial value
 * is the list of each queue's messages at the start.
 */
export const workQueueEntry: ModelEntry<WorkQueueLevel> = {
  name: 'work-queue',
  aliases: ['job-queue'],
  summary: 'messages that are leased to consumers; a message that is not acknowledged is handed out again',
  functions,
  knows: (f) => (functions as readonly string[]).includes(f),
  levels: workQueueLadder.levels,
  needs: [
    { what: 'take', functions: ['take', 'remaining'] },
    { what: 'enqueue', functions: ['enqueue'] },
  ],
  record: { mayLackInput: ['remaining'], mayBeTaken: false },
  judge: { ladder: workQueueLadder, sharesKeys: false, check, headline },
}

function check(
  history: History,
  { name }: Pick<ModelEntry<WorkQueueLevel>, 'name'>,
  options: CheckOptions<WorkQueueLevel>,
): Report<WorkQueueLevel> {
  const findings = createFindings<Guarantee>()
  const lost: LostWrite[] = []
  const queues = readQueues(history, options.initial)
  const isTimed = history.clocks === undefined && hasTimes(history)
  const budget = createBudget(options)
  const following = createFollowing(budget)
  for (const queue of queues)
    judgeQueue({
      ...{ history, queue, isTimed, budget, following },
      ...findings.sink,
      lost: (operation) => lost.push({ key: queue.name, value: inputOf(history, operation), operation }),
    })
  const levels = combinedVerdicts(guarantees, promises, findings)
  const total = queues.reduce((sum, { unanswered }) => sum + unanswered.length, 0)
  return { model: name, levels, headline: headline(levels), info: { total }, lost }
}

/** Returns a headline, such as `at least once; hands out a message that is still leased`. */
function headline(levels: Verdicts<WorkQueueLevel>): string {
  const broken = guarantees.filter((each) => levels[each].result === 'violated')
  const names = Object.keys(promises) as (keyof typeof promises)[]
  const kept = names.find((each) => levels[each].result === 'met')
  const does = broken.map((each) => faults[each]).join(', ')
  if (kept !== undefined) return `${kept.replaceAll('-', ' ')}${does === '' ? '' : `; ${does}`}`
  const least = levels['at-least-once']
  if (least.result !== 'unknown') return `does not deliver at least once: ${does}`
  return does === ''
    ? `no fault found; ${least.reason.text}`
    : `${does}; delivery at least once is unknown: ${least.reason.text}`
}
