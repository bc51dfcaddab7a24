import { elementsOf, type History, type Json, type Meaning } from '@chaosproxy/history'
import { addTo } from '../../encoding/lists.ts'
import type { OperationRow } from '../../encoding/operation-row.ts'
import type { Need } from '../../judge/entry.ts'
import type { Specification } from '../../judge/model.ts'
import type { Level } from '../../levels/levels.ts'
import type { Budget } from '../../limits/budget.ts'
import type { Accounting } from '../../verdict/accounting.ts'
import type { Reason } from '../../verdict/reason.ts'
import type { Balance } from '../../verdict/verdict.ts'
import type { Contents } from './elements.ts'
import type { Ending } from './ending.ts'
import type { Machine } from './machine.ts'
import { type Expansion, NO_OUTPUT, type Part } from './part.ts'
import type { FastAnswer } from './slots.ts'

/** A built-in model of an object: one file, one such value, one line in the registry. */
export interface ObjectEntry {
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  /** The operations it knows, by their `f`. */
  readonly functions: readonly string[]
  /** What those mean that the vocabulary of `history` gives another meaning. */
  readonly meanings?: { readonly [f: string]: Meaning } | undefined
  /** The levels it can decide; others only if they follow from these. */
  readonly levels: readonly Level[]
  readonly object: ObjectModel
}

/**
 * How an object other than a register is judged. Four members are required: `specification` says what the object does,
 * `numbers` and `reads` name its operations, `rule` names what a violation breaks. That decides linearizable and
 * sequential for short histories. Each other member is optional and buys something: see the interfaces below.
 */
export interface ObjectModel extends Results, Speed, Dependence, Wording, Ends {
  /** The rule that every correct history obeys, as the end of a sentence about one that does not. */
  readonly rule: string
  /** The number of each `f` within this model; several names can mean the same function. */
  readonly numbers: { readonly [f: string]: number }
  /** The numbers of operations that never change the state. */
  readonly reads: readonly number[]
  /**
   * `history`: where the operations are from, if what an output means depends on the others.
   *
   * @throws UserError if the initial value makes no sense for this object.
   */
  specification(initial: Json, history?: History): Specification<unknown>
}

/** Buys histories as people record them: values left out, results that say less or more than a read of the whole. */
interface Results {
  /** Functions whose invocation needs no value; a counter's `add`, for example, then adds one. */
  readonly mayLackInput?: readonly string[] | undefined
  /** The numbers of functions that may complete without a result: then any fits. */
  readonly mayLackResult?: readonly number[] | undefined
  /** The operations whose result could be wrong. By default the reads. */
  readonly observation?: Need | undefined
  /** Whether a read narrows what is known of the state. The search then treats it as an operation with an effect. */
  readonly readsReveal?: boolean | undefined
  /** The reads that return only a part of the state, and so do not show the final state. */
  readonly partial?: readonly number[]
  /** The operations that are answered without a value, or with their own: any other may be what really took effect. */
  readonly repeats?: readonly number[] | undefined
  /** The operation whose value, if there are several, may name objects, which only keys do. */
  readonly nameless?: number | undefined
  /** The operations that stand for several, and how they are taken apart. */
  readonly expands?: Omit<Expansion, 'itemsAtFirst'> | undefined
  /** Finds answers that no state of the object could explain, and says what is wrong with them. */
  nonsenseIn?(history: History): (row: OperationRow) => string | undefined
}

/** Buys long histories: without these, the search decides them by the specification alone. */
interface Speed {
  /**
   * Decides one part in (nearly) linear time, if the theory allows it.
   *
   * @throws UserError if an operation's value makes no sense for this object. @throws OutOfTime
   */
  fast?(part: Part, initial: Json, budget: Budget): FastAnswer
  /**
   * Operations that are contradictory whatever else happened, found by one look at each: for histories too long to be
   * decided soon. Undefined if none is found, which says nothing.
   *
   * @throws OutOfTime
   */
  glance?(part: Part, initial: Json, budget: Budget): readonly number[] | undefined
  /**
   * Operations that arithmetic alone refutes, whatever else is unknown: asked for where the search finds no order in its
   * first turn. Undefined if there are none, which says nothing.
   *
   * @throws OutOfTime
   */
  refute?(part: Part, initial: Json, budget: Budget): readonly number[] | undefined
  /** The specification on integers, if faster than numbering states by key; undefined if the part does not allow it. */
  machine?(part: Part, initial: Json, budget: Budget): Machine | undefined
  /**
   * The operations that linearizability depends on, if some of unknown outcome explain nothing that the others cannot;
   * undefined if it depends on all.
   *
   * @throws OutOfTime
   */
  needed?(part: Part, budget: Budget): readonly number[] | undefined
  /** Divides a part into independent ones; undefined if it cannot be divided. @throws OutOfTime */
  divide?(part: Part, budget: Budget): readonly (readonly number[])[]
  /**
   * The same object, changed in place: does the operation at an index, and returns whether it was possible. Used to
   * replay witnesses too long for the specification, whose states take time to build.
   */
  simulate?(part: Part, initial: Json): (i: number) => boolean
}

/** Buys smaller counterexamples: which operations can be left out of one. */
interface Dependence {
  /**
   * Adds to a choice of operations everything its results may depend on: removing the rest of a history with a legal
   * order never creates a contradiction. By default, all earlier operations that may change the state.
   */
  related?(part: Part, budget: Budget, initial: Json): (chosen: Iterable<number>) => readonly number[]
  /**
   * Whether what some operations show is told with all that it may rest on, so that nothing looks as if it came from nowhere; by
   * default, whether they are closed under `related`.
   */
  supports?(part: Part, budget: Budget, initial: Json): (some: readonly number[]) => boolean
  /**
   * In place of both, for objects of elements each of which is independent of the others: the number of the function that reads
   * all of them; -1 if there is none.
   */
  readonly readsElements?: number
}

/** Buys clearer sentences about a counterexample. */
interface Wording {
  /** More about an operation that does not fit. */
  beside?(history: History, row: number, initial: Json): string | undefined
  /** The contradiction in a sentence, given the first row after which no order is left; undefined for the usual one. */
  tell?(history: History, rows: readonly OperationRow[], culprit: OperationRow): string | undefined
  /** The sum of the operations of a contradiction, given the first after which no order is left. */
  aftermath?(core: Part, initial: Json, culprit: OperationRow): Balance | undefined
}

/** Buys the account of what was lost, and the levels about how the objects ended: eventual and convergent. */
interface Ends {
  /** @throws OutOfTime */
  account?(history: History, initial: Json, budget: Budget, contents: Contents): Accounting
  /** The contents that an output shows, if different outputs may show the same. By default the output itself. */
  contentOf?(output: Json, initial: Json): Json
  /** The operations that show how the objects ended; by default, final reads. @throws OutOfTime */
  ending?(history: History, budget: Budget): Ending
  /** Whether the objects ended as they should, as far as their ends are known. @throws OutOfTime */
  eventual?(ended: Ended, budget: Budget): Convergence
}

/** A history with the evidence of how its objects ended. */
export interface Ended {
  readonly history: History
  readonly initial: Json
  readonly contents: Contents
  readonly ending: Ending
}

/**
 * The verdict of final reads. `isOrder` says whether an order of all updates and final reads was looked for, which explains
 * them even where final reads differ.
 */
export type Convergence =
  | { readonly result: 'met'; readonly isOrder?: boolean }
  | WrongEnd
  | { readonly result: 'unknown'; readonly reason: Reason; readonly isOrder?: boolean }

/** What is wrong, and the operations that show it. */
export interface WrongEnd {
  readonly result: 'violated'
  readonly sentence: string
  readonly rows: readonly OperationRow[]
}

/** A closure by groups: a chosen operation brings along all members of the groups it belongs or points to. */
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
      addTo(members, group, i)
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

/** What the read in each place of a part returned. */
export const readIn =
  ({ contents, row }: Part): ((i: number) => Int32Array) =>
  (i) =>
    contents(row[i])

/**
 * For objects of elements: an operation brings along everything done to the elements that it names or returned, and to the
 * initial ones, which may be missing or in the way.
 */
export const relatedByElement =
  (read: number) =>
  (part: Part, budget: Budget, initial: Json): ((chosen: Iterable<number>) => readonly number[]) => {
    const { history, input, output } = part
    const contentOf = readIn(part)
    const isRead = (i: number): boolean => part.f[i] === read
    const nothing: number = history.values.id(null)
    const elementOf = (i: number): number => (input[i] === nothing ? output[i] : input[i])
    // One that found nothing is about no element.
    const groupsOf = (i: number): readonly number[] =>
      input[i] === nothing && (output[i] === nothing || output[i] === NO_OUTPUT) ? [] : [elementOf(i)]
    const first = new Set<number>(elementsOf(initial)?.map((value) => history.values.id(value)))
    return relatedByGroups(
      part,
      (i) => (isRead(i) ? contentOf(i) : groupsOf(i)),
      budget,
      (i) => !isRead(i) && first.has(elementOf(i)),
      (i) => !isRead(i),
    )
  }
