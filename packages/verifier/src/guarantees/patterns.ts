import type { History, Operation } from '../history.ts'
import { type ProofHead, Undecided } from '../proof.ts'

/** The lines of operations that may show a pattern; undefined for the whole history. */
export type Core = ReadonlySet<number> | undefined

interface Judged {
  /** Whether operations of the core break the guarantee. The rest of the history is taken into account. */
  breaks(guarantee: string, core: Core): boolean
  /** For a guarantee that no operations break: returns why it may not hold; undefined if it holds. */
  open(guarantee: string): string | undefined
}

export interface GuaranteeModel {
  /** By level: the guarantees that it combines. */
  readonly levels: { readonly [level: string]: readonly string[] }
  /** @throws Undecided for operations that do not have the model's form. */
  judge(history: History, head: ProofHead): Judged
}

/** Returns the index of the first number that is at least `least`. The numbers ascend. */
export function placeFrom(ascending: readonly number[], least: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? least) < least) low = middle + 1
    else high = middle
  }
  return low
}

export function grouped<Item>(all: readonly Item[], nameOf: (item: Item) => string): ReadonlyMap<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of all) {
    const group = groups.get(nameOf(item))
    if (group === undefined) groups.set(nameOf(item), [item])
    else group.push(item)
  }
  return groups
}

export const groupsOf = <Item>(all: readonly Item[], nameOf: (item: Item) => string): readonly Item[][] => [
  ...grouped(all, nameOf).values(),
]

/** Returns the combined levels, and one more level for each single guarantee. */
export const levelsOf = (
  combined: GuaranteeModel['levels'],
  guarantees: readonly string[],
): GuaranteeModel['levels'] => ({ ...combined, ...Object.fromEntries(guarantees.map((each) => [each, [each]])) })

export const misread = ({ line, f }: Operation): never => {
  throw new Undecided(`line ${line}: the verifier does not read this ${f}`)
}
