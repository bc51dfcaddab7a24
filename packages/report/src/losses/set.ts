import type { OperationRow } from '@chaosproxy/checker'
import { canonical, elementsOf, type History, type Json, outputOf, plural } from '@chaosproxy/history'
import type { Claim } from '../claims/claim.ts'
import { clientOf, isFinal, isOk, isRead, keyOf, nameText, nodeOf } from '../operation-words.ts'
import { missingFrom } from '../sheets/life.ts'
import { rowsWhere, type SheetInput } from '../sheets/sheet.ts'
import type { FindLoss, Loss } from './loss.ts'

/** Losses of a set: `12 acknowledged elements were lost`. Without final reads, the last read decides. */
export const setLosses: readonly FindLoss[] = [lostElements, unseen]

function lostElements({ history, report: { accounting } }: SheetInput): Loss | undefined {
  if (accounting?.result !== 'violated' || accounting.surelyLost === 0) return undefined
  const finals = rowsWhere(history, (row) => isFinal(history, row))
  // An element that some replica has is not lost.
  const held = new Set(finals.flatMap((row) => elementsHeld(history, row)))
  const changes = accounting.lost
    .filter(({ key, value, operation }) => isOk(history, operation) && !held.has(named(key, value)))
    .map(({ operation }) => operation)
  const [first, ...others] = changes
  if (first === undefined) return undefined
  const elements = plural(changes.length, 'acknowledged element')
  const [were, are] = others.length === 0 ? ['was', 'is'] : ['were', 'are']
  const nodesRead = new Set(finals.map((row) => nodeOf(history, row)))
  const missing = finals.length > 0 ? `${were} missing from the final reads` : `${are} missing from the last read`
  // The elements are lost only if every node was read, because an unread node may have them.
  const areAllRead = finals.length > 0 && (nodesRead.has(undefined) || nodesRead.size === history.nodes.length)
  const loss = areAllRead ? `${were} lost` : missing
  const claim = { claim: 'lost', of: 'elements', changes, least: changes.length } as const
  return { claim, title: `${elements} ${loss}`, level: 'eventual' }
}

function elementsHeld(history: History, read: OperationRow): readonly string[] {
  return (elementsOf(outputOf(history, read)) ?? []).map((value) => named(keyOf(history, read), value))
}

const named = (key: string | undefined, value: Json): string => canonical([key ?? null, value])

/**
 * Finds an element that a read missed, although its addition was confirmed (`p33's confirmed 261 was missing at n3`) or
 * another read had returned it.
 */
function unseen({ history, counterexample }: SheetInput): Loss | undefined {
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

/** Finds repeated ids: `7 ids were handed out more than once`. */
export const idsLoss: FindLoss = ({ report: { accounting } }) => {
  const repeated = accounting?.duplicated.length ?? 0
  if (repeated === 0) return undefined
  const handed = (accounting?.duplicated ?? []).map(({ key, value, count }) => ({ key, value, times: count }))
  return {
    claim: { claim: 'handed out twice', of: 'ids', handed },
    title: `${plural(repeated, 'id was', 'ids were')} handed out more than once`,
  }
}
