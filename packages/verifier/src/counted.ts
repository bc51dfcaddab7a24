import { type Operation, wordsOf } from './history.ts'
import { type Action, type CellAction, type Part, partsOf, type Step, type Views } from './model.ts'
import { isBefore, type Keeps } from './replay.ts'
import { nameOf } from './transactions.ts'

/**
 * Returns the actions of the core (the operations of a proof), without those answers of registers and locks that prove
 * nothing. An answer is kept if the core contains every write that fits the answer and may have been the last write
 * before the answer. Proof: take a legal order of the whole history, and remove everything outside the core. The last
 * write before a kept answer is in the core, so it remains the last one. The answer is thus right in the order of the
 * core, too.
 */
export function countedCells(
  core: readonly Operation[],
  views: Views,
  keeps: Keeps,
  lastReturn: number,
): readonly Part[] {
  const inCore = new Set(core)
  const writes = [...views].flatMap(([of, [action]]) =>
    action?.kind === 'cell' && of.line < lastReturn ? [{ of, ...action }] : [],
  )
  return partsOf(core, views).map((part): Part => {
    const { operation, action } = part
    if (action.kind !== 'cell' || (action.expects ?? action.differs) === undefined) return part
    const ofKey = writes.filter(
      ({ of, writes, appends }) => of.key === operation.key && (writes ?? appends) !== undefined,
    )
    const isText = ofKey.some(({ appends }) => appends !== undefined)
    // The line of the latest call of a write that certainly precedes this operation. If another write returned before
    // this line, that write's value has certainly been overwritten.
    const lastOverwrite = ofKey
      .filter(({ of, writes }) => of.outcome === 'ok' && writes !== undefined && isBefore(keeps, of, operation))
      .reduce((line, { of }) => Math.max(line, of.line), 0)
    const isOverwritten = ({ return: end, client }: Operation): boolean =>
      end < lastOverwrite && (keeps === 'real time' || client === operation.client)
    const lacksGiver = ofKey.some(
      ({ of, ...write }) =>
        !inCore.has(of) && !isBefore(keeps, operation, of) && !isOverwritten(of) && gives(write, action, isText),
    )
    return lacksGiver ? { operation, action: { ...action, expects: undefined, differs: undefined } } : part
  })
}

/** Returns whether a write may explain an answer. An answered text may contain the texts of several writes. */
function gives({ writes, appends }: CellAction, { expects, differs }: CellAction, isText: boolean): boolean {
  if (differs !== undefined) return isText || writes !== differs
  if (writes === expects) return true
  const piece = appends ?? (isText && writes !== undefined ? wordsOf(writes) : undefined)
  return piece !== undefined && expects !== 'null' && wordsOf(expects ?? 'null').includes(piece)
}

/**
 * Returns the elements of sets, lists, queues, bags and logs that count: a proof relies only on what the core (the
 * operations of the proof) answers about them. An element counts if the core contains every operation that may change
 * it, apart from those called after the core's last return. Proof: an object without some of its elements is an object
 * of the same kind. So if the elements that do not count are removed, the answers about the others must still be right.
 */
export function countedElements(
  core: readonly Operation[],
  views: Views,
  lastReturn: number,
  initial: readonly string[],
): ReadonlySet<string> {
  const inCore = new Set(core)
  const counted = new Set([...initial, ...partsOf(core, views).flatMap(({ action }) => elementsIn(action))])
  /** By element: how often it was added, minus how often an answer shows its removal. */
  const surplus = new Map<string, number>()
  const change = (element: string, by: number): unknown => surplus.set(element, (surplus.get(element) ?? 0) + by)
  for (const element of initial) change(element, 1)
  let lacksTaker = false
  for (const [operation, actions] of views) {
    for (const action of actions) {
      if (action.kind === 'add') change(action.element, 1)
      if (action.kind === 'take') change(action.element, -1)
      if (inCore.has(operation) || operation.line > lastReturn) continue
      if (action.kind === 'add' || action.kind === 'remove' || action.kind === 'take' || action.kind === 'place')
        counted.delete(action.element)
      lacksTaker ||= action.kind === 'take any'
    }
  }
  // An unanswered dequeue outside the core may have taken any element that was added more often than answers show its
  // removal. Such elements do not count.
  if (lacksTaker) for (const element of counted) if ((surplus.get(element) ?? 0) > 0) counted.delete(element)
  return counted
}

function elementsIn(action: Action): readonly string[] {
  if (action.kind === 'all') return action.elements
  if (action.kind === 'range') return action.entries.map(({ element }) => element)
  return 'element' in action ? [action.element] : []
}

/**
 * Returns the elements of lists and the values of registers that count in a proof about transactions. An element or
 * value counts if the core contains every transaction that writes it and was called before the core's last return.
 * `countedElements` and `countedCells` prove this for single operations.
 */
export function countedInTransactions(
  core: readonly Operation[],
  views: Views,
  lastReturn: number,
): ReadonlySet<string> {
  const inCore = new Set(core)
  const counted = new Set(stepsIn(core, views).flatMap(namesIn))
  for (const [operation] of views) {
    if (inCore.has(operation) || operation.line > lastReturn) continue
    for (const step of stepsIn([operation], views))
      if (!step.isRead) for (const name of namesIn(step)) counted.delete(name)
  }
  return counted
}

const stepsIn = (some: readonly Operation[], views: Views): readonly Step[] =>
  partsOf(some, views).flatMap(({ action }) => (action.kind === 'transaction' ? action.steps : []))

const namesIn = ({ key, texts }: Step): readonly string[] => texts.map((text) => nameOf(key, text))
