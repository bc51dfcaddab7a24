import { UserError } from '@chaosproxy/history'
import { printableLines } from '@chaosproxy/report'
import { declaredTarget, type Mend, parseDeclaration, RehearsalError } from '@chaosproxy/targets'
import { settingsFor } from '@chaosproxy/workloads'
import { rehearse, withoutLog } from '../doctor/rehearsal.ts'
import { declarationOf, type OwnStart, type ServedPlace } from './template.ts'

/** The result of an attempt to start a service, write one value to it, and read the value back. */
export type Attempt =
  | { readonly type: 'fits'; readonly place: ServedPlace; readonly exchanges: readonly string[] }
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'not started'; readonly why: string }

/** The maximum number of corrections to the proposed request in one attempt. Each correction changes one property. */
const MOST_MENDS = 4
/** The time limit for readiness is short, because a user is waiting. */
const READY_WITHIN_MS = 15_000
const WHERE = 'chaos.config.ts'

/** Starts a service, writes a value by the proposed request, and reads it back. Corrects the request if that fails. */
export async function attemptPlace(start: OwnStart, proposed: ServedPlace, signal: AbortSignal): Promise<Attempt> {
  let place = proposed
  for (let mends = 0; ; mends++) {
    try {
      const target = declaredTarget(
        parseDeclaration({ ...declarationOf(start, place), readyWithinMs: READY_WITHIN_MS }, WHERE),
        {
          where: WHERE,
          directory: '.',
        },
      )
      const rehearsal = await rehearse(target, settingsFor(target), signal)
      const { exchanges = [], remark } = rehearsal ?? {}
      if (exchanges.length === 0) return { type: 'refused', why: remark ?? 'nothing was answered' }
      return { type: 'fits', place, exchanges: remark === undefined ? exchanges : [...exchanges, remark] }
    } catch (error) {
      if (!(error instanceof UserError) || signal.aborted) throw error
      if (!(error instanceof RehearsalError)) return { type: 'not started', why: printableLines(withoutLog(error)) }
      const mended = error.mend && mendedBy(place, error.mend)
      if (mended === undefined || mends === MOST_MENDS) return { type: 'refused', why: printableLines(error.problem) }
      place = mended
    }
  }
}

const mendedBy = (place: ServedPlace, { keys, read, write }: Mend): ServedPlace => {
  const { result, ...reads } = read ?? {}
  return {
    ...place,
    keys: keys ?? place.keys,
    result: typeof result === 'string' ? result : place.result,
    reads: { ...place.reads, ...reads },
    writes: { ...place.writes, ...write },
  }
}
