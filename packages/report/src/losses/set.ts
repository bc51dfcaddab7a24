import type { Counterexample } from '@chaosproxy/checker'
import { type History, plural } from '@chaosproxy/history'
import type { Claim } from '../claims/claim.ts'
import { clientOf, isFinal, isRead, nameText, nodeOf } from '../operation-words.ts'
import { missingFrom } from '../sheets/life.ts'
import type { FindLoss, Loss, LossInput } from './loss.ts'

/** `12 acknowledged elements were lost`; without final reads, they are only missing from the last one. */
export const setLosses: readonly FindLoss[] = [
  lostElements,
  ({ history, counterexample }) => unseen(history, counterexample),
]

function lostElements({ history, report: { accounting } }: LossInput): Loss | undefined {
  const surelyLost = accounting?.surelyLost ?? 0
  if (accounting?.result !== 'violated' || surelyLost === 0) return undefined
  const elements = plural(surelyLost, 'acknowledged element')
  const isOne = surelyLost === 1
  const { length } = history.operations
  let hasFinal = false
  for (let row = length - 1; row >= 0 && !hasFinal; row--) hasFinal = isFinal(history, row)
  const said = hasFinal ? `${isOne ? 'was' : 'were'} lost` : `${isOne ? 'is' : 'are'} missing from the last read`
  const changes = accounting.lost.map(({ operation }) => operation)
  const claim = { claim: 'lost', of: 'elements', changes, least: surelyLost } as const
  return { claim, title: `${elements} ${said}`, level: 'eventual' }
}

/** `p33's confirmed 261 was missing at n3`, or that somebody had read it before. */
function unseen(history: History, counterexample: Counterexample): Loss | undefined {
  const missing = missingFrom(history, counterexample)
  if (missing === undefined) return undefined
  const { element, known, read } = missing
  const [who, reader, node] = [clientOf(history, known), clientOf(history, read), nodeOf(history, read)]
  const where = node === undefined ? reader : nameText(node, 24)
  if (isRead(history, known))
    return {
      claim: { claim: 'missing', known, read, element: missing.text },
      title: `${element}, which ${who} had read, was missing at ${where}`,
    }
  const claim: Claim = { claim: 'missing', known, read }
  if (who === reader) return { claim, title: `${reader} did not see its own confirmed ${element}` }
  return { claim, title: `${who}'s confirmed ${element} was missing at ${where}` }
}

/** `7 ids were handed out more than once`. */
export const idsLoss: FindLoss = ({ report: { accounting } }) => {
  const repeated = accounting?.duplicated.length ?? 0
  if (repeated === 0) return undefined
  const handed = (accounting?.duplicated ?? []).map(({ key, value, count }) => ({ key, value, times: count }))
  return {
    claim: { claim: 'handed out twice', of: 'ids', handed },
    title: `${plural(repeated, 'id')} ${repeated === 1 ? 'was' : 'were'} handed out more than once`,
  }
}
