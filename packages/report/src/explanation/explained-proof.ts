import type { FailedOrder, ProvedOrders } from '@chaosproxy/checker/proof'
import { duration, type History, hasTimes, isTransaction } from '@chaosproxy/history'
import {
  briefAnswer,
  callTimeOf,
  clientOfInWords,
  functionOf,
  isOk,
  isRead,
  isReplacing,
  isSameClient,
  linesOf,
  mayReturnValue,
  operationText,
  requestText,
  returnTimeOf,
  writtenText,
} from '../operation-words.ts'
import { linesText } from '../places.ts'
import { nameOfPart } from '../transactions/lanes.ts'

/** A proof that a few operations admit no order, as plain data. */
export interface ExplainedProof {
  readonly isProved: boolean
  /** The result of the verification: `Verified: these 3 operations admit no order (4 steps tried).` */
  readonly verdict: string
  readonly operations: readonly ProofOperation[]
  /** The possible orders, if they are few. Each order is shown up to the operation that makes it impossible. */
  readonly orders: readonly ProofOrder[]
}

interface ProofOperation {
  readonly name: string
  readonly text: string
}

interface ProofOrder {
  readonly order: string
  readonly fails: string
}

export function explainProof(history: History, { operations, why, isProved, orders }: ProvedOrders): ExplainedProof {
  const isOfTransactions = operations.every((row) => isTransaction(functionOf(history, row)))
  const withKey = new Set(operations.map((row) => history.operations.key[row])).size > 1
  const briefly = operations.map((row) => briefText(history, row, withKey))
  const areDistinct = new Set(briefly).size === operations.length
  const nameOf = (row: number): string => {
    const at = operations.indexOf(row)
    if (isOfTransactions) return nameOfPart(at)
    return areDistinct ? (briefly[at] ?? '') : operationText(history, row, { withKey })
  }
  return {
    isProved,
    verdict: isProved ? `Verified: ${why}.` : `Not proved: ${why}. The verdict of the check stands.`,
    operations: operations.map((row) => ({
      name: nameOf(row),
      text: `${clientOfInWords(history, row)}, ${linesText(history, linesOf(history, row))}`,
    })),
    orders: orders.map((order) => ({
      order: order.rows.map(nameOf).join(', '),
      fails: failureText(history, order, nameOf),
    })),
  }
}

/** Returns request and answer without the client: `write 641`, `read → 738`. */
function briefText(history: History, row: number, withKey: boolean): string {
  const answer = isOk(history, row) && !mayReturnValue(history, row) ? '' : ` → ${briefAnswer(history, row)}`
  return `${requestText(history, row, { withKey })}${answer}`
}

/** Returns why an order fails: an operation comes too late, or its answer would differ. */
function failureText(history: History, { rows, missing }: FailedOrder, nameOf: (row: number) => string): string {
  const last = rows.at(-1) ?? -1
  if (missing !== undefined) return missingText(history, { last, missing }, nameOf)
  const { key } = history.operations
  const before = rows.slice(0, -1)
  if (before.length === 0) return `nothing before ${nameOf(last)} explains its answer`
  const written = before.findLast((row) => key[row] === key[last] && isReplacing(history, row))
  const areCells = rows.every((row) => isRead(history, row) || isReplacing(history, row))
  if (written === undefined || !areCells) return `what comes before ${nameOf(last)} does not explain its answer`
  const held = writtenText(history, written)
  return isRead(history, last) ? `the read must return ${held}` : `the value before ${nameOf(last)} is ${held}`
}

function missingText(
  history: History,
  { last, missing }: { readonly last: number; readonly missing: number },
  nameOf: (row: number) => string,
): string {
  if (isSameClient(history, last, missing))
    return `${nameOf(last)} comes too early: the same client called ${nameOf(missing)} before it`
  const after = hasTimes(history)
    ? `${duration(callTimeOf(history, last) - returnTimeOf(history, missing))} after `
    : 'after '
  return `${nameOf(last)} comes too early: it was called ${after}${nameOf(missing)} had returned`
}
