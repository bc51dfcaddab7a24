import type { OperationRow } from '@chaosproxy/checker'
import { type History, inputOf, type Json, type Meaning, outputOf, plural } from '@chaosproxy/history'
import { clientOf, coreOf, effectOf, functionOf, isOk, keyOf, nameText, ofKey } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/** Finds what a watching client saw wrongly: `p3's watch of k* missed p7's confirmed put of x`. */
export const watchLoss: FindLoss = ({ history, counterexample }) => {
  const { level, culprit } = counterexample
  if (culprit === undefined || !Object.hasOwn(violationTexts, level)) return undefined
  const core = coreOf(counterexample)
  const watch = core.find((row) => functionOf(history, row) === 'watch')
  const change = changeOf(history, core)
  const title = violationTexts[level]?.({
    watch: `${clientOf(history, culprit)}'s watch${watch === undefined ? '' : scopeOf(inputOf(history, watch))}`,
    change,
    isRefused: isRefused(outputOf(history, culprit)),
  })
  return title === undefined ? undefined : { title }
}

interface Seen {
  /** The watch: `p3's watch of k*`. */
  readonly watch: string
  /** The change that was missing or wrong: `p7's confirmed put of x`. Undefined if the contradiction contains none. */
  readonly change: string | undefined
  /** Whether the watch was refused because its start revision is compacted. */
  readonly isRefused: boolean
}

const missed = ({ watch, change }: Seen): string => `${watch} missed ${change ?? 'a change'}`

/** By guarantee. */
const violationTexts: { readonly [guarantee: string]: (seen: Seen) => string } = {
  filtered: ({ watch }) => `${watch} was sent a change that it had not asked for`,
  ordered: ({ watch }) => `${watch} went back in time`,
  unique: ({ watch }) => `${watch} was sent the same change twice`,
  atomic: ({ watch }) => `${watch} was sent a transaction in parts`,
  bookmarkable: ({ watch, change }) =>
    change === undefined
      ? `${watch} got a wrong report of its progress`
      : `${watch} was told that it was up to date, but missed ${change}`,
  reliable: missed,
  resumable: (seen) =>
    seen.isRefused
      ? `${seen.watch} was told that its changes are compacted, but nobody had compacted them`
      : missed(seen),
  truthful: ({ watch }) => `${watch} reported a change wrongly`,
  live: ({ watch, change }) => `${watch} got stuck, and never saw ${change ?? 'the last change'}`,
  future: ({ watch }) => `${watch} was sent a change from before its start`,
}

/** Describes what a watch covers: ` of x`, ` of k*`; empty for every key. */
function scopeOf(scope: Json): string {
  if (typeof scope !== 'object' || scope === null || Array.isArray(scope)) return ''
  const { key, prefix } = scope as { readonly [member: string]: Json }
  if (typeof key === 'string') return ` of ${nameText(key, 24)}`
  return typeof prefix === 'string' && prefix !== '' ? ` of ${nameText(prefix, 24)}*` : ''
}

const changes: { readonly [effect in Meaning['effect']]?: string } = {
  replaces: 'put',
  removes: 'deletion',
  transacts: 'transaction',
}

function changeOf(history: History, core: readonly OperationRow[]): string | undefined {
  const whatOf = (row: OperationRow): string | undefined => changes[effectOf(history, row) ?? 'reads']
  const row = core.find((each) => whatOf(each) !== undefined)
  if (row === undefined) return undefined
  const confirmed = isOk(history, row) ? 'confirmed ' : ''
  return `${clientOf(history, row)}'s ${confirmed}${whatOf(row)}${ofKey('of', keyOf(history, row))}`
}

const isRefused = (responses: Json): boolean =>
  Array.isArray(responses) &&
  responses.some(
    (each) => typeof each === 'object' && each !== null && !Array.isArray(each) && each['compacted'] !== undefined,
  )

/**
 * Returns two functions that find a loss. The first finds lost messages, which violate `level`: `3 acknowledged
 * messages were lost`. The second finds the violated guarantee, and returns its title from `titles`.
 */
const lossesOfMessages = (level: string, titles: { readonly [guarantee: string]: string }): readonly FindLoss[] => [
  ({ report: { lost } }) => {
    if (lost.length === 0) return undefined
    const changes = lost.map(({ operation }) => operation)
    return {
      claim: { claim: 'lost', of: 'messages', changes, least: lost.length },
      title: `${plural(lost.length, 'acknowledged message was', 'acknowledged messages were')} lost`,
      level,
    }
  },
  ({ counterexample }) => {
    const title = Object.hasOwn(titles, counterexample.level) ? titles[counterexample.level] : undefined
    return title === undefined ? undefined : { title }
  },
]

export const streamLosses: readonly FindLoss[] = lossesOfMessages('no-lost-writes', {
  'consistent-offsets': 'One offset was given to two messages',
  'no-duplicates': 'A message was stored twice',
  'no-aborted-reads': 'A consumer got a message that was not sent',
  'monotonic-sends': "A producer's messages changed places",
  'monotonic-polls': 'A consumer went back',
  'no-skips': 'A consumer skipped a message',
  'committed-starts': 'A consumer resumed past a message whose offset was not committed',
  'no-unseen': 'An acknowledged message never reached a consumer',
})

export const workQueueLosses: readonly FindLoss[] = lossesOfMessages('no-lost-messages', {
  'no-invented-messages': 'A consumer got a message that nobody enqueued',
  'no-handouts-after-ack': 'A message came again after it was acknowledged',
  'no-double-leases': 'Two consumers had the same message at the same time',
  'no-repeats': 'A message was handed out again',
  'first-in-first-out': 'A message overtook another',
})
