import type { History, Json } from '@chaos/history'
import type { Budget } from '../budget.ts'
import type { Level } from '../level.ts'
import type { Specification } from '../models/model.ts'
import type { OperationRow } from '../operation-row.ts'
import type { Accounting } from './accounting.ts'
import type { Machine } from './machine.ts'
import type { Expansion, Part } from './part.ts'
import type { FastAnswer } from './slots.ts'

/** A model of an object that comes with the checker: one file, one such value, one line in the registry. */
export interface ObjectEntry {
  readonly name: string
  /** What other tools and older files call it. */
  readonly aliases: readonly string[]
  /** What the object is, in a few words, for help texts. */
  readonly summary: string
  /** The operations it knows, by their `f`. */
  readonly functions: readonly string[]
  /** The levels it can decide; others only where they follow from these. */
  readonly levels: readonly Level[]
  readonly object: ObjectModel
}

/** How an object other than a register is judged. */
export interface ObjectModel {
  /** What every history of the object keeps to, as the end of a sentence that says how one does not. */
  readonly rule: string
  /** Functions whose invocation needs no value, as a counter's `add` adds one. */
  readonly mayLackInput?: readonly string[] | undefined
  /** What else there is to say of an operation that does not fit. */
  beside?(history: History, row: number, initial: Json): string | undefined
  /** The number of each `f` within this model; several names may mean the same. */
  readonly numbers: { readonly [f: string]: number }
  /** The numbers of operations that never change the state. */
  readonly reads: readonly number[]
  readonly expands?: Omit<Expansion, 'itemsAtFirst'> | undefined
  /** @throws UserError where the initial value makes no sense for this object. */
  specification(initial: Json): Specification<unknown>
  /**
   * Decides one part in (nearly) linear time where the theory allows it.
   *
   * @throws UserError where an operation's value makes no sense for this object.
   * @throws OutOfTime
   */
  fast?(part: Part, initial: Json, budget: Budget): FastAnswer
  /**
   * Operations that contradict each other whatever else happened, as far as a look at each shows it: for histories that are
   * too long to be decided soon. Undefined where nothing is seen, which says nothing.
   *
   * @throws OutOfTime
   */
  glance?(part: Part, initial: Json, budget: Budget): readonly number[] | undefined
  /**
   * The specification on integers, where that is quicker than numbering states by their keys; undefined where it cannot say
   * all that is in the part.
   */
  machine?(part: Part, initial: Json, budget: Budget): Machine | undefined
  /**
   * Divides a part into some that do not affect each other; nothing where it cannot be divided.
   *
   * @throws OutOfTime
   */
  divide?(part: Part, budget: Budget): readonly (readonly number[])[]
  /**
   * Completes a choice of operations by those that its results may rest on: leaving out the rest of a history that has a
   * legal order never makes a contradiction. By default, all earlier operations that may change the state.
   */
  related?(part: Part, budget: Budget): (chosen: Iterable<number>) => readonly number[]
  /**
   * Whether some operations still hold what the results among them rest on, so that what they contradict is no invention;
   * by default, whether they are closed under `related`.
   */
  supports?(part: Part, budget: Budget): (some: readonly number[]) => boolean
  /**
   * The object once more, changed in place: does the operation at an index, and says whether it was possible. Witnesses
   * that are too long for the specification, whose states take time to make, are replayed on it.
   */
  simulate?(part: Part, initial: Json): (i: number) => boolean
  /** @throws OutOfTime */
  account?(history: History, initial: Json, budget: Budget): Accounting
  /**
   * By final reads. Without it, eventual is what the accounting says.
   *
   * @throws OutOfTime
   */
  eventual?(history: History, initial: Json, budget: Budget): Convergence
}

/** What final reads say. */
export interface Convergence {
  readonly result: 'met' | 'violated' | 'unknown'
  readonly reason: string
  /** The operations that show it. */
  readonly rows: readonly OperationRow[]
}

/** A closure by groups: whoever is chosen brings along everybody in the groups it is a member of or points to. */
export function relatedByGroups(
  part: Part,
  groupsOf: (i: number) => Iterable<number>,
  budget: Budget,
  always: (i: number) => boolean = () => false,
  isMember: (i: number) => boolean = () => true,
): (chosen: Iterable<number>) => readonly number[] {
  const members = new Map<number, number[]>()
  const constant: number[] = []
  for (let i = 0; i < part.length; i++) {
    if (always(i)) constant.push(i)
    if (!isMember(i)) continue
    budget.tick()
    for (const group of groupsOf(i)) {
      budget.tick()
      const known = members.get(group)
      if (known === undefined) members.set(group, [i])
      else known.push(i)
    }
  }
  return (chosen) => {
    const kept = new Set<number>(constant)
    for (const i of chosen) {
      kept.add(i)
      for (const group of groupsOf(i)) {
        budget.tick()
        for (const member of members.get(group) ?? []) kept.add(member)
      }
    }
    return [...kept].sort((a, b) => a - b)
  }
}

/** Whether nothing is missing on which what is there may rest. Nothing rests on what never changes the object. */
export const closedUnder =
  (related: (chosen: readonly number[]) => readonly number[], isRead: (i: number) => boolean = () => false) =>
  (some: readonly number[]): boolean => {
    const there = new Set(some)
    return related(some).every((i) => there.has(i) || isRead(i))
  }
