import { duration, hasTimes } from '@chaosproxy/history'
import { countDoubleGrants, doubleHolding, holdingsOf, unreleasedBefore } from '../holdings.ts'
import { answerText, briefAnswer, clientOf, keyOf, nameText, nodeOf, outcomeName } from '../operation-words.ts'
import { clockOf, type LayOutSheet, type SheetRow, textColumns } from '../sheets/sheet.ts'
import type { FindLoss } from './loss.ts'

/**
 * Finds the loss of a lock: `Two clients held lock L for 17 ms`, `p2 was given lock L twice without releasing it`, or
 * `p2 was given lock L, which p1 had not released`.
 */
export const lockLoss: FindLoss = ({ history, counterexample }) => {
  const { culprit } = counterexample
  if (culprit === undefined) return undefined
  const key = keyOf(history, culprit)
  const name = key === undefined ? 'the lock' : `lock ${nameText(key, 24)}`
  const both = doubleHolding(history, counterexample)
  const other = both?.first ?? unreleasedBefore(history, counterexample)
  if (other === undefined) return undefined
  const [first, second] = [other.acquire, culprit].map((row) => clientOf(history, row))
  if (both === undefined)
    return { title: `${second} was given ${name}, which ${first === second ? 'it' : first} had not released` }
  const { nanos } = both
  const long = nanos === undefined || nanos <= 0 || !hasTimes(history) ? ' at the same time' : ` for ${duration(nanos)}`
  if (first === second) return { title: `${second} was given ${name} twice without releasing it` }
  const others = countDoubleGrants(history) - 1
  const more = others < 1 ? '' : `; a held lock was given ${others === 1 ? 'once more' : `${others} more times`}`
  return { title: `Two clients held ${name}${long}${more}` }
}

/** Returns the table of a lock's holders. */
export const holdingsSheet: LayOutSheet = ({ history, counterexample }) => {
  const { culprit } = counterexample
  const holdings = holdingsOf(history, counterexample)
  if (culprit === undefined || !holdings.some(({ acquire }) => acquire === culprit)) return undefined
  const at = clockOf(
    history,
    holdings.flatMap(({ acquire, release }) => [acquire, ...(release === undefined ? [] : [release])]),
  )
  const other = (doubleHolding(history, counterexample)?.first ?? unreleasedBefore(history, counterexample))?.acquire
  const key = keyOf(history, culprit)
  const rows = holdings.map(({ acquire, release }): SheetRow => {
    const isWrong = acquire === culprit
    return {
      cells: [
        clientOf(history, acquire),
        at(acquire, 'return'),
        release === undefined
          ? 'never'
          : `${at(release, 'call')}${outcomeName(history, release) === 'ok' ? '' : `, ${briefAnswer(history, release)}`}`,
        nameText(nodeOf(history, acquire) ?? '', 16),
        answerText(history, acquire).replace(/^ok(, token )?/, ''),
      ],
      wrong: isWrong ? [0, 1] : acquire === other ? [2] : [],
      operation: acquire,
    }
  })
  return {
    title: `Who held ${key === undefined ? 'the lock' : `lock ${nameText(key, 16)}`}`,
    columns: textColumns('client', 'given', 'released', 'node', 'token'),
    ...{ rows, isTimed: true },
  }
}
