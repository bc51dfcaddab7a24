import { answeredAt, calledAt, functionOf, type History, INFO, OK, outputOf } from '@chaosproxy/history'
import { firstOfClient } from '../encoding/clients.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { capital, show, who } from '../verdict/words.ts'

/** The time that a client held a lock: from the answer of its acquire to the call of its release. */
export interface Holding {
  readonly acquire: OperationRow
  /** The first attempt to release the lock. From its call on, the client may know that it no longer holds the lock. */
  readonly release: OperationRow | undefined
  /** The first release that did not fail. */
  readonly freed: OperationRow | undefined
}

/**
 * A sentence about a usual violation of a lock: `Process 0 held L from 0.002 s to 0.060 s; process 1 was given it at
 * 0.043 s.`
 */
export function lockSentence(
  history: History,
  rows: readonly OperationRow[],
  culprit: OperationRow,
): string | undefined {
  if (!isAcquire(history, culprit)) return releasedUnheld(history, rows, culprit)
  const others = rows.filter(
    (row) => row !== culprit && isAcquire(history, row) && history.operations.outcome[row] === OK,
  )
  const given = `${who(history, culprit)} was given it${by(history, culprit)} at ${answeredAt(history, culprit)}`
  const holder = others.map((row) => holdingOf(history, row)).find((holding) => holds(history, holding, culprit))
  if (holder !== undefined) {
    const { acquire, release, freed } = holder
    const { callEvent, returnEvent } = history.operations
    // The client had called release without success before the lock was granted again.
    return freed === undefined && release !== undefined && callEvent[release] < returnEvent[culprit]
      ? capital(
          `${who(history, acquire)} held ${name(history, acquire)} from ${answeredAt(history, acquire)} and failed to release it at ${calledAt(history, release)}; ${given}.`,
        )
      : capital(
          `${heldText(history, holder)}; ${given}: ${clientOf(history, acquire) === clientOf(history, culprit) ? 'a lock is given once until it is released' : 'two clients held the lock at the same time'}.`,
        )
  }
  const token = tokenOf(history, culprit)
  const higher = others.find(
    (row) => (tokenOf(history, row) ?? Number.NEGATIVE_INFINITY) >= (token ?? Number.POSITIVE_INFINITY),
  )
  if (token === undefined || higher === undefined) return undefined
  return capital(
    `${who(history, higher)} was given ${name(history, higher)} with token ${show(tokenOf(history, higher) ?? 0)} at ${answeredAt(history, higher)}, and ${given} with token ${show(token)}: fencing tokens must grow.`,
  )
}

function releasedUnheld(history: History, rows: readonly OperationRow[], culprit: OperationRow): string | undefined {
  const own = rows.some((row) => isAcquire(history, row) && clientOf(history, row) === clientOf(history, culprit))
  if (own) return undefined
  return capital(
    `${who(history, culprit)} released ${name(history, culprit)} at ${answeredAt(history, culprit)}, which it did not hold.`,
  )
}

function heldText(history: History, { acquire, freed }: Holding): string {
  const held = `${who(history, acquire)} held ${name(history, acquire)}`
  return freed === undefined
    ? `${held} from ${answeredAt(history, acquire)} on`
    : `${held} from ${answeredAt(history, acquire)} to ${calledAt(history, freed)}`
}

/** Reports whether the client certainly held the lock when another operation returned. */
function holds({ operations }: History, { acquire, freed }: Holding, other: OperationRow): boolean {
  const { callEvent, returnEvent } = operations
  const given = returnEvent[other]
  return returnEvent[acquire] < given && (freed === undefined || callEvent[freed] > given)
}

export function holdingOf(history: History, acquire: OperationRow): Holding {
  const { callEvent, returnEvent, key, outcome, length } = history.operations
  let release: OperationRow | undefined
  let freed: OperationRow | undefined
  for (let row = 0; row < length; row++) {
    if (key[row] !== key[acquire] || callEvent[row] < returnEvent[acquire]) continue
    if (isAcquire(history, row) || clientOf(history, row) !== clientOf(history, acquire)) continue
    if (release === undefined || callEvent[row] < callEvent[release]) release = row
    if (outcome[row] !== OK && outcome[row] !== INFO) continue
    if (freed === undefined || callEvent[row] < callEvent[freed]) freed = row
  }
  return { acquire, release, freed }
}

const isAcquire = (history: History, row: OperationRow): boolean =>
  ['acquire', 'lock'].includes(functionOf(history, row))

const clientOf = (history: History, row: OperationRow): number =>
  firstOfClient(history)(history.operations.process[row])

function tokenOf(history: History, row: OperationRow): number | undefined {
  const output = outputOf(history, row)
  return history.operations.output[row] !== history.operations.input[row] && typeof output === 'number'
    ? output
    : undefined
}

const by = ({ operations, nodes }: History, row: OperationRow): string =>
  operations.node[row] < 0 ? '' : ` by ${nodes[operations.node[row]]}`

const name = ({ operations, keys }: History, row: OperationRow): string => keys[operations.key[row]] ?? 'the lock'
