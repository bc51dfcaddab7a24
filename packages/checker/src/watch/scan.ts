import { ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { FindingsSink } from '../judge/guarantees.ts'
import type { Guarantee } from './guarantees.ts'
import type { Compaction, Delivery, Watch, WatchEvent } from './record.ts'
import { firstFrom, previousOf, type Scope } from './scope.ts'
import { type Known, sameValue, type Timeline } from './timeline.ts'
import type { Words } from './words.ts'

export interface ScanOptions extends FindingsSink<Guarantee> {
  readonly watch: Watch
  readonly scope: Scope
  readonly timeline: Timeline
  /** In the order of their calls. */
  readonly compactions: readonly Compaction[]
  /** The events sent to the earlier watch that this watch resumes. */
  readonly before: Sent | undefined
  readonly callEvent: Int32Array
  readonly words: Words
}

/** The events sent to a watch. `at` maps each revision to its changed keys and to the response that contained them. */
export interface Sent {
  readonly at: ReadonlyMap<number, SentRevision>
}

interface SentRevision {
  readonly keys: Set<string>
  readonly response: number
  readonly row: OperationRow
}

/**
 * The minimum number of empty answers after which no further event is expected. With fewer answers, events may still be
 * on their way: a busy store may execute a write late, after the write timed out.
 */
const ENOUGH_IN_VAIN = 5
const NOT_POLLED_ENOUGH = 'had not shown everything, and was not polled often enough after everything was healed'

/**
 * The guarantees that are violated if a watch did not report a change. If some answer of the watch was lost, they are
 * undecided instead, because that answer may have reported the change.
 */
const NEVER_SENT: ReadonlySet<Guarantee> = new Set(['reliable', 'resumable', 'live'])

export function scanWatch(options: ScanOptions): Sent {
  const { watch, scope, timeline, compactions, before, callEvent, words, found, unsure } = options
  const name = words.watch(watch)
  const begin = watch.from ?? (watch.present === undefined ? undefined : watch.present + 1)
  const isFuture = watch.from === undefined || (watch.present !== undefined && watch.from > watch.present)
  const everSent = revisionsSent(watch)
  const isAnyLost = hasLost(watch)
  const at = new Map<number, SentRevision>()
  let responses = 0
  let last: { readonly revision: number; readonly row: OperationRow } | undefined
  let progress: { readonly revision: number; readonly row: OperationRow } | undefined
  /** The index in `scope.revisions` of the revision that is due next. */
  let next = begin === undefined ? undefined : firstFrom(scope, begin)
  let isLost = false
  let isEnded = false

  const report = (
    guarantee: Guarantee,
    sentence: string,
    culprit: OperationRow,
    others: readonly (OperationRow | undefined)[] = [],
    shown: readonly OperationRow[] = [],
  ): void => {
    if (isAnyLost && NEVER_SENT.has(guarantee)) return
    const core = ascending([watch.row, ...others.filter((row) => row !== undefined), culprit])
    const context = ascending(shown).filter((row) => !core.includes(row))
    found({ guarantee, sentence: `${sentence}.`, culprit, core, context })
  }

  /** Returns a change with a revision before this one that should have been sent but was not. */
  function missedBefore(revision: number): Known | undefined {
    if (next === undefined || isLost) return undefined
    for (; next < scope.revisions.length && scope.revisions[next] < revision; next++) {
      const missed = scope.revisions[next]
      if (!everSent.has(missed)) return scope.changesAt(missed)[0]
    }
    return undefined
  }

  function event(each: WatchEvent, delivery: Delivery): void {
    const { row } = delivery
    const { revision, key } = each
    const changeText = words.change(each)
    const when = words.arrived(row)
    if (!scope.matches(key, each.value === undefined))
      report('filtered', `${name} was sent ${changeText}${when}, which it did not ask for`, row)
    if (begin !== undefined && revision < begin) {
      const again = before?.at.get(revision)
      if (isFuture)
        report(
          'future',
          `${name} (the current revision was ${watch.present ?? 'unknown'}) was sent ${changeText}${when}, before its start at revision ${begin}`,
          row,
        )
      else if (again?.keys.has(key))
        report(
          'unique',
          `${name} received ${changeText}${when} again: the watch that it resumes had already received it`,
          row,
          [again.row],
        )
      else report('filtered', `${name} was sent ${changeText}${when}, which is before its start`, row)
    }
    if (progress !== undefined && revision <= progress.revision)
      report(
        'bookmarkable',
        `${name} was sent ${changeText}${when}, after progress up to revision ${progress.revision}`,
        row,
        [progress.row],
      )
    if (last !== undefined && revision < last.revision)
      report('ordered', `${name} was sent ${changeText}${when}, after something at revision ${last.revision}`, row, [
        last.row,
      ])
    const sent = at.get(revision)
    if (sent?.keys.has(key)) report('unique', `${name} was sent ${changeText}${when} twice`, row, [sent.row])
    else if (sent !== undefined && sent.response !== responses)
      report('atomic', `${name} was sent ${changeText}${when} in another response than the rest of its revision`, row, [
        sent.row,
      ])

    const missed = missedBefore(revision)
    if (missed !== undefined) {
      const context = compactions
        .filter((each) => callEvent[each.row] < delivery.at && each.revision >= missed.revision)
        .map((each) => each.row)
      const core = [missed.writer, missed.reportedBy, last?.row]
      const first = `${name} was sent ${changeText}${when}, and never ${words.known(missed)} which comes`
      if (last === undefined) report('resumable', `${first} first`, row, core, context.slice(0, 1))
      else
        report(
          'reliable',
          `${first} between the sent change and the one sent before it, at revision ${last.revision}`,
          row,
          core,
          context.slice(0, 1),
        )
    }
    if (next === undefined || isLost || missed !== undefined) next = firstFrom(scope, revision)
    isLost = false
    if (next < scope.revisions.length && scope.revisions[next] === revision) next++

    if (sent === undefined) at.set(revision, { keys: new Set([key]), response: responses, row })
    else sent.keys.add(key)
    if (last === undefined || revision >= last.revision) last = { revision, row }
    truth(each, delivery, changeText)
  }

  function truth(each: WatchEvent, { row, at: arrival }: Delivery, changeText: string): void {
    const known = timeline.at(each.revision)?.get(each.key)
    if (known === undefined || (each.previous === undefined && each.created === undefined)) return
    const past = previousOf(known, timeline)
    if (past === undefined) {
      unsure('truthful', `nobody knows what ${each.key} held before revision ${each.revision}`)
      return
    }
    const { held } = past
    const core = [known.writer, held?.writer, held?.reportedBy]
    if (each.created !== undefined && each.created !== (held === undefined && each.value !== undefined))
      report(
        'truthful',
        `${name} was told that ${changeText} ${each.created ? 'is of a new key' : 'is not of a new key'}; before it ${was(held, words)}`,
        row,
        core,
      )
    if (each.previous === undefined || sameValue(each.previous, held?.value ?? null)) return
    // An event may lack its previous value because the server had compacted that value.
    const isGone = (compaction: Compaction) =>
      callEvent[compaction.row] < arrival && compaction.revision >= each.revision - 1
    if (each.previous === null && compactions.some(isGone)) return
    report(
      'truthful',
      `${name} was told that before ${changeText} there was ${JSON.stringify(each.previous)}; ${was(held, words)}`,
      row,
      core,
    )
  }

  /** Reports a change that is missing from the response that sent the rest of its revision. */
  function whole(revisions: ReadonlySet<number>, { row }: Delivery): void {
    for (const revision of revisions) {
      const sent = at.get(revision)
      const missing = scope.changesAt(revision).find(({ key }) => sent !== undefined && !sent.keys.has(key))
      if (missing !== undefined)
        report(
          'atomic',
          `${name} was sent a part of revision ${revision}${words.arrived(row)}, without ${words.known(missing)} in the same response`,
          row,
          [missing.writer, missing.reportedBy],
        )
    }
  }

  function progressed(revision: number, { row }: Delivery): void {
    const when = words.arrived(row)
    if (progress !== undefined && revision < progress.revision)
      report(
        'bookmarkable',
        `${name} was told of progress up to revision ${revision}${when}, after ${progress.revision}`,
        row,
        [progress.row],
      )
    if (last !== undefined && revision < last.revision)
      report(
        'bookmarkable',
        `${name} was told of progress up to revision ${revision}${when}, after something at revision ${last.revision}`,
        row,
        [last.row],
      )
    const missed = lateBefore(revision)
    if (missed !== undefined)
      report(
        'bookmarkable',
        `${name} was told of progress up to revision ${revision}${when}, without having been sent ${words.known(missed)}`,
        row,
        [missed.writer, missed.reportedBy, last?.row],
      )
    if (progress === undefined || revision > progress.revision) progress = { revision, row }
  }

  /** Returns a change up to `revision` that was not sent before progress to `revision` was reported. */
  function lateBefore(revision: number): Known | undefined {
    if (next === undefined || isLost) return undefined
    let late: number | undefined
    for (; next < scope.revisions.length && scope.revisions[next] <= revision; next++)
      if (!at.has(scope.revisions[next])) late ??= scope.revisions[next]
    return late === undefined ? undefined : scope.changesAt(late)[0]
  }

  function refused(compacted: number | undefined, { row, at: arrival }: Delivery): void {
    isEnded = true
    const position = last === undefined ? begin : last.revision + 1
    if (compacted === undefined || position === undefined) return
    if (compactions.some((each) => callEvent[each.row] < arrival && each.revision > position)) return
    report(
      'resumable',
      `${name} was refused${words.arrived(row)} because of a compaction below revision ${compacted}, though nobody had compacted revision ${position}`,
      row,
    )
  }

  for (const delivery of watch.deliveries) {
    if (delivery.type === 'lost') isLost = true
    for (const response of delivery.responses) {
      responses++
      if (response.type === 'progress') progressed(response.revision, delivery)
      else if (response.type === 'ended') refused(response.compacted, delivery)
      else {
        for (const each of response.events) event(each, delivery)
        whole(new Set(response.events.map(({ revision }) => revision)), delivery)
      }
    }
  }
  const reached = Math.max(last?.revision ?? -1, progress?.revision ?? -1)
  const from = begin ?? firstOf(at)
  if (from !== undefined && scope.isDoubtful(from, reached))
    for (const guarantee of ['reliable', 'resumable', 'bookmarkable', 'atomic'] as const)
      unsure(guarantee, `a write that nobody saw may have a revision in the range of ${name}`)
  if (isAnyLost)
    for (const guarantee of [...NEVER_SENT, 'unique', 'ordered', 'bookmarkable', 'atomic'] as const)
      unsure(guarantee, `not all answers to ${name} are known`)
  if (!isEnded) arrivedInTheEnd()
  return { at }

  function arrivedInTheEnd(): void {
    const final = watch.deliveries.filter((delivery) => delivery.final)
    const end = final.at(-1)
    if (watch.over || end === undefined || end.type === 'lost' || from === undefined) return
    const target = scope.revisions.at(-1)
    if (target === undefined || target < from || reached >= target) return
    if (answersInVain(final) < ENOUGH_IN_VAIN) {
      unsure('live', `${name} ${NOT_POLLED_ENOUGH}`)
      return
    }
    const [missing] = scope.changesAt(target)
    report(
      'live',
      `${name} ${howFar(last?.revision)}; asked again ${final.length} times after everything was healed, it was never sent ${missing === undefined ? `revision ${target}` : words.known(missing)} although this is the last change that it asked for`,
      end.row,
      [missing?.writer, missing?.reportedBy, last?.row],
    )
  }
}

const hasLost = ({ deliveries }: Watch): boolean => deliveries.some(({ type }) => type === 'lost')

const howFar = (revision: number | undefined): string =>
  revision === undefined ? 'was sent nothing' : `got as far as revision ${revision}`

const answersInVain = (deliveries: readonly Delivery[]): number =>
  deliveries.length - 1 - deliveries.findLastIndex(({ responses }) => responses.some(({ type }) => type === 'events'))

const firstOf = (at: ReadonlyMap<number, unknown>): number | undefined => {
  const [first] = at.keys()
  return first
}

const was = (held: Known | undefined, words: Words): string =>
  held === undefined ? 'there was nothing' : `there was ${words.change(held)}`

function revisionsSent({ deliveries }: Watch): Set<number> {
  const revisions = new Set<number>()
  for (const { responses } of deliveries)
    for (const response of responses)
      if (response.type === 'events') for (const { revision } of response.events) revisions.add(revision)
  return revisions
}
