import { elementsOf, type History, type Json, type Meaning } from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import { addTo, ascending, range } from '../../encoding/lists.ts'
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

/**
 * A built-in model of an object. Each model has its own file, which exports one value of this type, and one line in the
 * registry.
 */
export interface ObjectEntry {
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  readonly functions: readonly string[]
  /** The meanings that differ from the vocabulary of `history`. */
  readonly meanings?: { readonly [f: string]: Meaning } | undefined
  /** The levels that the model can decide; others are decided only if they follow from these. */
  readonly levels: readonly Level[]
  readonly object: ObjectModel
}

/**
 * How an object other than a register is judged. `specification`, `numbers`, `reads` and `rule` suffice to decide
 * linearizable and sequential for short histories. The interfaces that `ObjectModel` extends have the other members.
 */
export interface ObjectModel extends Results, Speed, Dependence, Wording, Ends {
  /** The rule that every correct history obeys, as the end of a sentence about a violation. */
  readonly rule: string
  /** The number of each `f` within this model; several names can mean the same function. */
  readonly numbers: { readonly [f: string]: number }
  /** The function numbers of operations that never change the state. */
  readonly reads: readonly number[]
  /**
   * `history`: the history of the operations, for models in which the meaning of an output depends on other operations.
   *
   * @throws UserError if the initial value makes no sense for this object.
   */
  specification(initial: Json, history?: History): Specification<unknown>
}

/** Members for recorded histories: the values that a history may omit, and the results that need special treatment. */
interface Results {
  /** Functions whose invocation needs no value; a counter's `add`, for example, then adds one. */
  readonly mayLackInput?: readonly string[] | undefined
  /** The numbers of functions that may complete without a result: any result then fits. */
  readonly mayLackResult?: readonly number[] | undefined
  /** The operations whose results can show a violation, by default the reads. */
  readonly observation?: Need | undefined
  /** Whether a read reveals something about an unknown state, and so has an effect for the search. */
  readonly readsReveal?: boolean | undefined
  /** The reads that return only a part of the state, and so do not show the final state. */
  readonly partial?: readonly number[]
  /**
   * The operations that return the requested value or no value. If such an operation returns another value, the history
   * is rejected, because it is unclear which of the two values took effect.
   */
  readonly repeats?: readonly number[] | undefined
  /**
   * The number of a function whose values look like names of objects. If calls on one key have different values, the
   * history is rejected: only keys name objects, so the meaning of the values is unclear.
   */
  readonly nameless?: number | undefined
  /** Operations that each stand for several, and how to split them. */
  readonly expands?: Omit<Expansion, 'itemsAtFirst'> | undefined
  /**
   * Returns a function that describes an answer that no state of the object could explain; undefined for other answers.
   */
  nonsenseIn?(history: History): (row: OperationRow) => string | undefined
}

/** Members for long histories: without them, the search decides by the specification alone. */
interface Speed {
  /**
   * Decides one part in (nearly) linear time, if an algorithm is known.
   *
   * @throws UserError if an operation's value makes no sense for this object. @throws OutOfTime
   */
  fast?(part: Part, initial: Json, budget: Budget): FastAnswer
  /**
   * Finds operations that contradict each other regardless of all others, by examining each operation once. Undefined
   * if none are found, which proves nothing.
   *
   * @throws OutOfTime
   */
  glance?(part: Part, initial: Json, budget: Budget): readonly number[] | undefined
  /**
   * Finds operations that have no order, by arithmetic instead of a search. Called if the search has found no order
   * after its first budget of steps. Undefined if no such operations are found, which proves nothing.
   *
   * @throws OutOfTime
   */
  refute?(part: Part, initial: Json, budget: Budget): readonly number[] | undefined
  /**
   * Creates a machine for this part that is faster than the general machine of `machineOf`. Undefined if there is no
   * faster machine. The general machine numbers the states as the search reaches them.
   */
  machine?(part: Part, initial: Json, budget: Budget): Machine | undefined
  /**
   * Returns the operations on which linearizability depends; undefined if it depends on all. The result omits
   * operations of unknown outcome that are not needed to explain others.
   *
   * @throws OutOfTime
   */
  needed?(part: Part, budget: Budget): readonly number[] | undefined
  /** Divides a part into independent parts; undefined if it cannot be divided. @throws OutOfTime */
  divide?(part: Part, budget: Budget): readonly (readonly number[])[]
  /**
   * Creates a function that performs the operation at an index on a state, and returns whether this was possible. It
   * changes the state in place. It replays long witnesses, for which building each state anew would take too long.
   */
  simulate?(part: Part, initial: Json): (i: number) => boolean
}

/** Adds to operations all others on which their results may depend. */
export type Closure = (chosen: Iterable<number>) => readonly number[]

/** The members that determine which operations can be left out of a counterexample, to make it smaller. */
interface Dependence {
  /**
   * Adds to the chosen operations everything on which their results may depend. If the whole history has a legal order,
   * the resulting set has one, too. By default adds all earlier operations that may change the state.
   */
  related?(part: Part, budget: Budget, initial: Json): Closure
  /**
   * Tests whether a set of operations includes everything on which the results in the set may depend. If absent, the
   * set is tested for being closed under `related`.
   */
  supports?(part: Part, budget: Budget, initial: Json): (some: readonly number[]) => boolean
  /**
   * For objects whose elements are independent of each other: the number of the function that reads all elements, or -1
   * if there is none. `related` and `supports` are then not needed.
   */
  readonly readsElements?: number
}

/** Members for clearer sentences about a counterexample. */
interface Wording {
  /**
   * Returns a remark about an operation that has no legal place in the order. `output` is the id of the operation's
   * answer. If the row stands for several operations (see `Expansion`), `output` is the id of the item that this
   * operation returned. `core` holds the operations of the contradiction.
   */
  beside?(
    history: History,
    row: number,
    given: { readonly initial: Json; readonly output: number; readonly core: Part },
  ): string | undefined
  /**
   * Describes the contradiction in a sentence, if the default sentence does not suit. `culprit` is the first row after
   * which no order is possible.
   */
  explain?(history: History, rows: readonly OperationRow[], culprit: OperationRow): string | undefined
  /** Describes the balance after the operations. `culprit` is the first operation after which no order is possible. */
  aftermath?(core: Part, initial: Json, culprit: OperationRow): Balance | undefined
}

/** Members that judge final states. They find lost elements, and decide the levels `eventual` and `convergent`. */
interface Ends {
  /** @throws OutOfTime */
  account?(history: History, initial: Json, budget: Budget, contents: Contents): Accounting
  /**
   * The content that an output shows, for models in which different outputs may show the same content. By default the
   * output itself.
   */
  contentOf?(output: Json, initial: Json): Json
  /** Returns the operations that show final states, by default the final reads. @throws OutOfTime */
  ending?(history: History, budget: Budget): Ending
  /** Whether the final states are correct, as far as they are known. @throws OutOfTime */
  eventual?(ended: Ended, budget: Budget): Convergence
}

/** A history with the evidence of its objects' final states. */
export interface Ended {
  readonly history: History
  readonly initial: Json
  readonly contents: Contents
  readonly ending: Ending
}

/**
 * The verdict on final reads. If `isOrder`, the verdict was decided by a search for one order that contains all
 * acknowledged updates and all final reads. Such an order can explain final reads with different results, because an
 * update of unknown outcome may lie between them.
 */
export type Convergence =
  | { readonly result: 'met'; readonly isOrder?: boolean }
  | WrongEnd
  | { readonly result: 'unknown'; readonly reason: Reason; readonly isOrder?: boolean }

export interface WrongEnd {
  readonly result: 'violated'
  readonly sentence: string
  readonly rows: readonly OperationRow[]
}

/**
 * Returns a `Closure` that adds two kinds of operations to the chosen ones: those that are in a group (`groupsOf`) with
 * a chosen operation, and those for which `always` returns true. An operation for which `isMember` returns false is
 * never added because of a group.
 */
export function relatedByGroups(
  part: Part,
  groupsOf: (i: number) => Iterable<number>,
  budget: Budget,
  always: (i: number) => boolean,
  isMember: (i: number) => boolean = () => true,
): Closure {
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
    return ascending(kept)
  }
}

export const readIn =
  ({ contents, row }: Part): ((i: number) => Int32Array) =>
  (i) =>
    contents(row[i])

/**
 * Returns the method `related` of an `ObjectModel` for objects that consist of elements. The `Closure` that `related`
 * returns adds to the chosen operations the following operations, except reads:
 *
 * - Operations on the same elements.
 * - Operations on initial elements, because an initial element may be missing or may block another element.
 * - If the completed takes among all these operations do not remove every element: the takes of unknown outcome that
 *   were called before the last of these operations returned. Such a take may have removed an element.
 */
export const relatedByElement =
  (read: number) =>
  (part: Part, budget: Budget, initial: Json): Closure => {
    const { history, input, output } = part
    const contentOf = readIn(part)
    const isRead = (i: number): boolean => part.f[i] === read
    const nothing: number = history.values.id(null)
    const elementOf = (i: number): number => (input[i] === nothing ? output[i] : input[i])
    // An operation that found no element is in no group.
    const groupsOf = (i: number): readonly number[] =>
      input[i] === nothing && (output[i] === nothing || output[i] === NO_OUTPUT) ? [] : [elementOf(i)]
    const atFirst: readonly number[] = elementsOf(initial)?.map((value) => history.values.id(value)) ?? []
    const first = new Set(atFirst)
    const isTake = (i: number): boolean => !isRead(i) && input[i] === nothing
    const openTakes = range(0, part.length).filter((i) => part.returns[i] === NEVER && isTake(i))
    const byElement = relatedByGroups(
      part,
      (i) => (isRead(i) ? contentOf(i) : groupsOf(i)),
      budget,
      (i) => !isRead(i) && first.has(elementOf(i)),
      (i) => !isRead(i),
    )
    if (openTakes.length === 0) return byElement
    const isAllTaken = (some: readonly number[]): boolean => {
      const left = new Map<number, number>()
      const count = (element: number, by: number) => left.set(element, (left.get(element) ?? 0) + by)
      for (const element of atFirst) count(element, 1)
      for (const i of some) if (part.returns[i] !== NEVER || !isTake(i)) count(elementOf(i), isTake(i) ? -1 : 1)
      return [...left].every(([element, times]) => times <= 0 || element === nothing)
    }
    return (chosen) => {
      const kept = byElement(chosen)
      if (isAllTaken(kept)) return kept
      let end = -1
      for (const i of kept) if (part.returns[i] !== NEVER) end = Math.max(end, part.returns[i])
      return ascending(new Set([...kept, ...openTakes.filter((i) => part.calls[i] < end)]))
    }
  }
