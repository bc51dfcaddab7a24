import type { FaultKind } from '@chaos/faults'
import { type History, OK } from '@chaos/history'
import type { FaultRecord } from '@chaos/report'

const WRITES = new Set(['write', 'cas'])

/**
 * Why a run proves nothing, or less than it seems to. A run in which nothing was read, nothing was written, nothing
 * happened at the same time, or no fault ever bit, meets every level, and says nothing.
 */
export function findVacuity(
  history: History,
  requested: readonly FaultKind[],
  faults: readonly FaultRecord[],
): string[] {
  const found: string[] = []
  const { length, outcome, f, callEvent, returnEvent, callTime } = history.operations
  let okReads = 0
  let okWrites = 0
  // Reads that overlap only reads, as the final ones do, try nothing.
  let concurrent = false
  let latestReturn = -1
  let latestWriteReturn = -1
  for (let row = 0; row < length; row++) {
    const name = history.functions[f[row] ?? 0] ?? ''
    const writes = WRITES.has(name)
    const called = callEvent[row] ?? 0
    if (called < latestWriteReturn || (writes && called < latestReturn)) concurrent = true
    const returned = returnEvent[row] === -1 ? Number.POSITIVE_INFINITY : (returnEvent[row] ?? 0)
    latestReturn = Math.max(latestReturn, returned)
    if (writes) latestWriteReturn = Math.max(latestWriteReturn, returned)
    if (outcome[row] !== OK) continue
    if (name === 'read') okReads += 1
    if (writes) okWrites += 1
  }
  if (length === 0) return ['no operation was made']
  if (okReads === 0) found.push('no read succeeded')
  if (okWrites === 0) found.push('no write succeeded')
  if (!concurrent) found.push('nothing ran at the same time as a write')

  for (const kind of new Set(requested)) {
    const ofKind = faults.filter((record) => record.fault.kind === kind)
    if (ofKind.length === 0) found.push(`the run ended before any ${kind} could happen`)
    else if (ofKind.every((record) => record.hits === 0)) found.push(`no ${kind} ever bit`)
    else if (!ofKind.some((record) => hasOperationDuring(record, callTime, length)))
      found.push(`no operation was called during any ${kind}`)
  }
  return found
}

function hasOperationDuring({ from, to }: FaultRecord, callTime: Float64Array, length: number): boolean {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((callTime[middle] ?? 0) < from) low = middle + 1
    else high = middle
  }
  return low < length && (callTime[low] ?? 0) <= to
}
