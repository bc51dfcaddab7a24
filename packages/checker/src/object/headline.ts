import type { Report } from '../judge/report.ts'
import { type Accounting, troublesOf } from '../verdict/accounting.ts'

export function headlineOfObject(
  { linearizable, sequential, eventual }: Report['levels'],
  accounting: Accounting | undefined,
): string {
  const troubles = accounting === undefined ? undefined : troublesOf(accounting)
  const beside = troubles === undefined ? '' : `; ${troubles}`
  if (linearizable.result === 'met') return `linearizable${beside}`
  const not =
    linearizable.result === 'violated' ? 'not linearizable' : `linearizable unknown: ${linearizable.reason.text}`
  const levels = sequential.result === 'met' ? `sequentially consistent, ${not}` : not
  const converged = eventual.result === 'violated' ? ', not even eventually consistent' : ''
  return `${levels}${converged}${beside}`
}
