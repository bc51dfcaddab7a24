import { type Fault, type FaultKind, faultName, printMembers } from '@chaosproxy/faults'
import { moment, type Nanos, nanos, plural } from '@chaosproxy/history'
import type { RunRecorder } from '../clients/recorder.ts'
import type { Healed } from '../ports/cluster.ts'
import type { FaultRecord } from '../result/run-summary.ts'

type Injected = Pick<FaultRecord, 'id' | 'fault' | 'from' | 'healingFrom'>

/** The records of a run's faults. Injections and healings are written to its history as well. */
export interface FaultRecords {
  readonly trouble: readonly string[]
  skipped(id: string, fault: Fault, why: string): void
  began(injected: Injected): void
  failed(injected: Injected, error: string): void
  ended(injected: Injected, outcome: Healed): void
  haveBitten(kind: FaultKind): boolean
  /** Returns the records ordered by their beginning. */
  inOrder(): readonly FaultRecord[]
}

export function createFaultRecords(recorder: RunRecorder, since: () => Nanos): FaultRecords {
  const records: FaultRecord[] = []
  const trouble: string[] = []
  /** For each fault name and error: how often this error occurred, and the index of its message in `trouble`. */
  const repeated = new Map<string, { readonly at: number; readonly text: string; times: number }>()
  const fail = (id: string, fault: Fault, what: string): void => {
    const name = faultName(fault)
    const before = repeated.get(`${name} ${what}`)
    if (before === undefined) {
      const text = `${id} (${name}) ${what}`
      repeated.set(`${name} ${what}`, { at: trouble.length, text, times: 1 })
      trouble.push(text)
      return
    }
    before.times++
    trouble[before.at] = `${before.text}, and ${plural(before.times - 1, 'other fault')} likewise`
  }
  const slow = new Set<string>()
  return {
    trouble,
    skipped(id, fault, why) {
      const at = since()
      records.push({ id, fault, from: at, to: at, hits: 0, skipped: why })
    },
    began({ id, fault, from }) {
      // An injection takes time on a real cluster, so the history records when the fault actually began.
      const isLate = since() !== from
      if (isLate) slow.add(id)
      const described = printMembers(fault, { id })
      recorder.nemesis(fault.kind, isLate ? { ...described, began: from } : described)
    },
    failed: ({ id, fault }, error) => fail(id, fault, `could not be injected: ${error}`),
    ended({ id, fault, from, healingFrom }, outcome) {
      const hits = outcome.hits ?? 0
      if (outcome.type === 'failed') fail(id, fault, `could not be healed: ${outcome.error}`)
      const now = since()
      const lost = outcome.type === 'healed' ? outcome.lost : undefined
      const to = lost === undefined ? now : nanos(Math.max(from, now - lost.knownAgo))
      const starting = fault.kind === 'kill' && healingFrom !== undefined && healingFrom < to ? { healingFrom } : {}
      const healed = { id, fault: fault.kind, hits, ...starting }
      if (lost === undefined) {
        recorder.nemesis('heal', slow.has(id) ? { ...healed, ended: to } : healed)
        records.push({ id, fault, from, to, hits, ...starting })
        return
      }
      const until = lost.overAgo === undefined ? undefined : nanos(Math.max(to, now - lost.overAgo))
      recorder.nemesis('heal', { ...healed, ended: to, inDoubtUntil: until ?? null })
      trouble.push(`${id} (${faultName(fault)}): ${lost.why}. ${doubtText(to, until)}`)
      records.push({ id, fault, from, to, hits, ...starting, inDoubt: { why: lost.why, until } })
    },
    haveBitten: (kind) => records.some((record) => record.fault.kind === kind && record.hits > 0),
    inOrder: () => records.toSorted((a, b) => a.from - b.from),
  }
}

const doubtText = (to: Nanos, until: Nanos | undefined): string =>
  until === undefined
    ? `Whether the fault was still in force after ${moment(to, 1)} is unknown`
    : `Whether the fault was still in force after ${moment(to, 1)} is unknown; by ${moment(until, 1)} it was over`
