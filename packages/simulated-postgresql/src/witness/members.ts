import type { Transaction } from '../storage/model.ts'
import type { Executed } from './executed.ts'
import type { Grouping } from './witnessed.ts'

export interface Committed {
  readonly transaction: Transaction
  readonly statements: readonly Executed[]
  readonly began: number
  readonly ended: number
}

export interface Member extends Committed {
  readonly group: Group
}

interface Group {
  readonly name: string | undefined
  /** The commit numbers of the group's first and last transactions. */
  readonly first: number
  last: number
  size: number
}

export const isWithin = ({ transaction }: Member, { first, last }: Group): boolean =>
  transaction.commitNumber > first && transaction.commitNumber < last

/**
 * Returns the transactions with their groups. With `areOne`, transactions with the same group name form one group.
 * Otherwise, each transaction is a group of its own.
 */
export function grouped(committed: readonly Committed[], { groupOf, areOne }: Grouping): readonly Member[] {
  const groups = new Map<string, Group>()
  return committed.map((each): Member => {
    const { transaction, statements, ended } = each
    const name = groupOf(transaction.pid, statements[0]?.from ?? ended, ended)
    const known = areOne && name !== undefined ? groups.get(name) : undefined
    const { commitNumber } = transaction
    const group = known ?? { name, first: commitNumber, last: commitNumber, size: 0 }
    group.last = commitNumber
    group.size++
    if (areOne && name !== undefined) groups.set(name, group)
    return { ...each, group }
  })
}
