import { type Operation, wordsOf } from './history.ts'
import { type Action, type CellAction, type Part, partsOf, type Step, type Views } from './model.ts'
import { isBefore, type Keeps } from './replay.ts'
import { nameOf } from './transactions.ts'

/**
 * Registers and locks: an answer counts if every operation that may have been the last write before it is in the core.
 * In a legal order of the whole, that write is left if all but the core is left out, and nothing comes in between.
 */
export function countedCells(core: readonly Operation[], views: Views, keeps: Keeps): readonly Part[] {
  const inCore = new Set(core)
  const writes = [...views].flatMap(([of, [action]]) => (action?.kind === 'cell' ? [{ of, ...action }] : []))
  return partsOf(core, views).map((part): Part => {
    const { operation, action } = part
    if (action.kind !== 'cell' || (action.expects ?? action.differs) === undefined) return part
    const own = writes.filter(
      ({ of, writes, appends }) => of.key === operation.key && (writes ?? appends) !== undefined,
    )
    const isText = own.some(({ appends }) => appends !== undefined)
    // An answered write before the answer overwrote all that came before that write.
    const sure = own.filter(
      ({ of, writes }) => of.outcome === 'ok' && writes !== undefined && isBefore(keeps, of, operation),
    )
    const latest = sure.reduce((line, { of }) => Math.max(line, of.line), 0)
    const isOver = ({ return: end, client }: Operation): boolean =>
      end < latest && (keeps === 'real time' || client === operation.client)
    const isMissing = own.some(
      ({ of, ...write }) =>
        !inCore.has(of) && !isBefore(keeps, operation, of) && !isOver(of) && gives(write, action, isText),
    )
    return isMissing ? { operation, action: { ...action, expects: undefined, differs: undefined } } : part
  })
}

/** Whether an answer may be owed to a write. A text is owed to every write whose text occurs in it. */
function gives({ writes, appends }: CellAction, { expects, differs }: CellAction, isText: boolean): boolean {
  if (differs !== undefined) return isText || writes !== differs
  if (writes === expects) return true
  const piece = appends ?? (isText && writes !== undefined ? wordsOf(writes) : undefined)
  return piece !== undefined && expects !== 'null' && wordsOf(expects ?? 'null').includes(piece)
}

/**
 * Sets, lists, queues, logs: leaving out some elements leaves an object of the same kind. An element counts if every
 * operation about it that was called before `last`, the core's last return, is in the core.
 */
export function countedElements(
  core: readonly Operation[],
  views: Views,
  last: number,
  initial: readonly string[],
): ReadonlySet<string> {
  const inCore = new Set(core)
  const counted = new Set([...initial, ...partsOf(core, views).flatMap(({ action }) => elementsIn(action))])
  // By element: how often it was put in, less how often it was taken out.
  const left = new Map<string, number>()
  const change = (element: string, by: number): unknown => left.set(element, (left.get(element) ?? 0) + by)
  for (const element of initial) change(element, 1)
  let isAnyTaken = false
  for (const [operation, actions] of views) {
    for (const action of actions) {
      if (action.kind === 'add') change(action.element, 1)
      if (action.kind === 'take') change(action.element, -1)
      if (inCore.has(operation) || operation.line > last) continue
      if (action.kind === 'add' || action.kind === 'remove' || action.kind === 'take' || action.kind === 'place')
        counted.delete(action.element)
      isAnyTaken ||= action.kind === 'take any'
    }
  }
  // A dequeue without an answer may have taken whatever others are not known to have taken.
  if (isAnyTaken) for (const element of counted) if ((left.get(element) ?? 0) > 0) counted.delete(element)
  return counted
}

function elementsIn(action: Action): readonly string[] {
  if (action.kind === 'all') return action.elements
  if (action.kind === 'range') return action.entries.map(({ element }) => element)
  return 'element' in action ? [action.element] : []
}

/**
 * Transactions: an element of a list counts if all who append it are in the core, and a value of a register if all who
 * write it are. With real time, those need not be that were called after all of the core had returned.
 */
export function countedInTransactions(
  core: readonly Operation[],
  views: Views,
  isRealTime: boolean,
): ReadonlySet<string> {
  const inCore = new Set(core)
  const counted = new Set(stepsIn(core, views).flatMap(namesIn))
  for (const [operation] of views) {
    if (inCore.has(operation) || (isRealTime && core.every(({ return: end }) => operation.line > end))) continue
    for (const step of stepsIn([operation], views))
      if (!step.isRead) for (const name of namesIn(step)) counted.delete(name)
  }
  return counted
}

const stepsIn = (some: readonly Operation[], views: Views): readonly Step[] =>
  partsOf(some, views).flatMap(({ action }) => (action.kind === 'transaction' ? action.steps : []))

const namesIn = ({ key, texts }: Step): readonly string[] => texts.map((text) => nameOf(key, text))
