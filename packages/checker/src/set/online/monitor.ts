import { type Change, callOf, type Element, type ElementName, hasTime, isLeftOver } from './element.ts'

/** Why no order explains what was recorded so far. */
export type Impossible =
  /** It was seen, but had not been added, or had certainly been removed. */
  | { readonly is: 'not there'; readonly element: ElementName }
  /** It was not seen, but had certainly been added. */
  | { readonly is: 'missing'; readonly element: ElementName }
  /** A read returned it twice. */
  | { readonly is: 'twice'; readonly element: ElementName }
  /** Reads saw changes in different orders, or one that others exclude. */
  | { readonly is: 'contradicted' }
  /** What was seen turned out certainly not to have happened. */
  | { readonly is: 'never happened' }

/** An operation in flight. */
export interface Flight {
  readonly call: number
  /** Absent for what observes. */
  readonly element: Element | undefined
  /** The change that it may be part of. */
  readonly change: Change | undefined
}

export interface SetMonitor {
  add(position: number, name: ElementName): Flight
  remove(position: number, name: ElementName): Flight
  observe(position: number): Flight
  acknowledged(position: number, flight: Flight): undefined
  failed(position: number, flight: Flight): Impossible | undefined
  abandoned(position: number, flight: Flight): undefined
  read(position: number, flight: Flight, content: readonly ElementName[]): Impossible | undefined
  contained(position: number, flight: Flight, name: ElementName, isIn: boolean): Impossible | undefined
  /** Whether some element was not judged for a while: if so, a violation may have been missed. */
  isAmbiguous(): boolean
  retained(): number
}

interface Watching {
  readonly elements: Map<ElementName, Element>
  /** Elements with a settled content of "in". */
  present: number
  /** Changes that were acknowledged or seen, or that remove something. */
  readonly pending: Set<Change>
  /** Those not judged. */
  readonly loose: Set<Element>
  /** Reads and contains in flight, in order of call. */
  readonly observers: Set<Flight>
  /** Whether what is not listed is known not to be in. */
  isKnown: boolean
  /** The latest call of what came before any read that has returned. */
  after: number
  ranks: number
  isAmbiguous: boolean
}

/**
 * Watches one set, event by event.
 *
 * Every change of an element lies, in any order, after the reads that did not see it and before those that did. An order
 * exists exactly if nothing that comes before something else in this sense was called after the other returned. So each
 * change keeps two positions: the latest call of what comes before it, and the earliest return of what comes after it. A
 * read comes after the changes it saw, and so after everything before those; it passes this on to the changes that it did
 * not see. That all reads saw changes in one order is held by their ranks. Then no path through several reads says more
 * than the positions do.
 *
 * A change is settled once everything in flight that observes was called after it: from then on it is just a part of the
 * content. Where an element may have changed to and fro under one read, it is unclear which change was seen; where
 * an addition and a removal overlap, their order is. Then the element is not judged until nothing of it is in flight.
 */
export function createSetMonitor(initial: readonly ElementName[] | undefined): SetMonitor {
  const watching: Watching = {
    elements: new Map(initial?.map((name) => [name, newElement(name, true)])),
    present: new Set(initial).size,
    pending: new Set(),
    loose: new Set(),
    observers: new Set(),
    isKnown: initial !== undefined,
    after: Number.NEGATIVE_INFINITY,
    ranks: 0,
    isAmbiguous: false,
  }
  return {
    add: (position, name) => change(watching, position, name, true),
    remove: (position, name) => change(watching, position, name, false),
    observe(call) {
      const flight: Flight = { call, element: undefined, change: undefined }
      watching.observers.add(flight)
      return flight
    },
    acknowledged: (position, flight) => acknowledged(watching, position, flight),
    failed(position, flight) {
      const impossible = failed(watching, position, flight)
      settle(watching)
      return impossible
    },
    abandoned: (position, flight) => abandoned(watching, position, flight),
    read(position, flight, content) {
      const impossible = read(watching, position, flight.call, content)
      watching.observers.delete(flight)
      settle(watching)
      return impossible
    },
    contained(position, flight, name, isIn) {
      const impossible = contained(watching, position, flight.call, { name, isIn })
      watching.observers.delete(flight)
      settle(watching)
      return impossible
    },
    isAmbiguous: () => watching.isAmbiguous,
    retained: () => watching.elements.size + watching.observers.size,
  }
}

const newElement = (name: ElementName, isIn: boolean): Element => ({
  name,
  isIn,
  changes: [],
  idle: 0,
  isHaunted: false,
  loose: undefined,
})

function begin(element: Element, { to, calls, mayBeFirst }: Pick<Change, 'to' | 'calls' | 'mayBeFirst'>): Change {
  const change: Change = {
    element,
    to,
    calls,
    mayBeFirst,
    after: Number.NEGATIVE_INFINITY,
    before: Number.POSITIVE_INFINITY,
    rank: Number.POSITIVE_INFINITY,
    isSeen: false,
    isSkipped: false,
    open: calls.length,
    done: 0,
    unknown: 0,
    isSettled: false,
  }
  element.changes.push(change)
  return change
}

function change(watching: Watching, call: number, name: ElementName, to: boolean): Flight {
  const { elements, isKnown, pending } = watching
  const known = elements.get(name)
  const element = known ?? newElement(name, isKnown ? false : !to)
  if (known === undefined) elements.set(name, element)
  if (element.loose !== undefined) {
    element.loose.open++
    return { call, element, change: undefined }
  }
  const last = element.changes.at(-1)
  if ((last?.to ?? element.isIn) === to) {
    if (last === undefined) element.idle++
    else {
      last.calls.push(call)
      last.open++
    }
    return { call, element, change: last }
  }
  if (element.isHaunted || !isQuiet(element, call)) {
    loosen(watching, element).open++
    return { call, element, change: undefined }
  }
  if (known !== undefined && last === undefined && element.isIn) watching.present--
  const made = begin(element, { to, calls: [call], mayBeFirst: known === undefined && !isKnown })
  if (!to || made.mayBeFirst) pending.add(made)
  return { call, element, change: made }
}

/** Whether all earlier operations of the element were certainly over by then. */
function isQuiet({ changes, idle }: Element, call: number): boolean {
  const last = changes.at(-1)
  return last === undefined ? idle === 0 : last.before < call && last.open === 0 && !isLeftOver(last)
}

/** No longer judges an element, until nothing of it is in flight. */
function loosen(watching: Watching, element: Element): { open: number } {
  const { changes, idle, isIn } = element
  watching.isAmbiguous = true
  if (isIn && changes.length === 0) watching.present--
  const loose = { open: idle, since: Number.POSITIVE_INFINITY }
  for (const each of changes) {
    watching.pending.delete(each)
    loose.open += each.open
    if (each.unknown > 0) element.isHaunted = true
  }
  element.isIn = false
  element.changes = []
  element.idle = 0
  element.loose = loose
  watching.loose.add(element)
  return loose
}

/** An operation that is no longer part of a change ended, whatever it did. */
function endedIdle(watching: Watching, position: number, element: Element): void {
  const { loose } = element
  if (loose === undefined) element.idle--
  else if (--loose.open === 0) loose.since = position
  tidy(watching, element)
}

/** The change that an operation in flight is still part of. */
const ongoing = ({ element, change }: Flight): Change | undefined =>
  element?.loose !== undefined || change?.isSettled === true ? undefined : change

function acknowledged(watching: Watching, position: number, flight: Flight): undefined {
  const { element } = flight
  if (element === undefined) return
  const change = ongoing(flight)
  if (change === undefined) {
    endedIdle(watching, position, element)
    return
  }
  change.open--
  change.done++
  wake(watching, change)
  change.before = Math.min(change.before, position)
  settle(watching)
}

function abandoned(watching: Watching, position: number, flight: Flight): undefined {
  const { element } = flight
  if (element === undefined) {
    watching.observers.delete(flight)
    settle(watching)
    return
  }
  const change = ongoing(flight)
  if (change === undefined) {
    element.isHaunted = true
    endedIdle(watching, position, element)
    return
  }
  change.open--
  change.unknown++
}

function failed(watching: Watching, position: number, flight: Flight): Impossible | undefined {
  const { call, element } = flight
  if (element === undefined) {
    watching.observers.delete(flight)
    return undefined
  }
  const change = element.loose === undefined ? flight.change : undefined
  if (change !== undefined) change.calls = change.calls.filter((each) => each !== call)
  if (change === undefined || change.isSettled) {
    endedIdle(watching, position, element)
    return change === undefined || hasTime(change) ? undefined : { is: 'never happened' }
  }
  change.open--
  if (change.before !== Number.POSITIVE_INFINITY) return hasTime(change) ? undefined : { is: 'never happened' }
  if (change.calls.length > 0 || change.mayBeFirst) return undefined
  drop(watching, change)
  return undefined
}

/** What none of its operations did any more, and nobody saw. */
function drop(watching: Watching, change: Change): void {
  const { element } = change
  watching.pending.delete(change)
  element.changes.pop()
  if (element.changes.length === 0 && element.isIn) watching.present++
  tidy(watching, element)
}

/** Before this, all reads that have returned came before the change. */
function wake({ pending, after }: Watching, change: Change): void {
  if (pending.has(change)) return
  change.after = Math.max(change.after, after)
  pending.add(change)
}

/** Forgets an element that is out, and that nothing can bring back. */
function tidy({ elements, isKnown }: Watching, { name, isIn, changes, idle, isHaunted, loose }: Element): void {
  if (isKnown && !isIn && changes.length === 0 && idle === 0 && !isHaunted && loose === undefined) elements.delete(name)
}

function settle(watching: Watching): void {
  const { pending, observers } = watching
  const [first] = observers
  const oldest = first?.call ?? Number.POSITIVE_INFINITY
  for (const change of pending) {
    const { element, before, open, to } = change
    if (before >= oldest || element.changes[0] !== change) continue
    pending.delete(change)
    change.isSettled = true
    element.changes.shift()
    element.isIn = to
    element.idle += open
    if (isLeftOver(change)) element.isHaunted = true
    if (element.changes.length === 0 && to) watching.present++
    tidy(watching, element)
  }
}

/**
 * How many changes of an element came before an observation that found it in or out. Undefined if that is unclear;
 * `none` if it is impossible.
 */
function placeOf({ isIn, changes }: Element, call: number, found: boolean): number | 'none' | undefined {
  let place: number | 'none' = 'none'
  for (let n = 0; n <= changes.length; n++) {
    if ((n === 0 ? isIn : changes[n - 1].to) !== found) continue
    if (n < changes.length && changes[n].before <= call) continue
    if (place !== 'none') return undefined
    place = n
  }
  return place
}

/** What an observation saw of the changes that are not settled. */
interface Sight {
  readonly call: number
  readonly position: number
  readonly seen: Change[]
  readonly unseen: Change[]
}

/** Adds what was found of one element; answers whether it is impossible. */
function look(watching: Watching, sight: Sight, element: Element, found: boolean): boolean {
  const place = placeOf(element, sight.call, found)
  if (place === 'none') return true
  if (place === undefined) {
    watching.isAmbiguous = true
    for (const each of element.changes) {
      wake(watching, each)
      each.isSkipped = true
    }
    return false
  }
  for (const [n, each] of element.changes.entries()) {
    if (n < place) {
      wake(watching, each)
      sight.seen.push(each)
    } else if (watching.pending.has(each)) sight.unseen.push(each)
  }
  return false
}

/** Passes on what came before an observation, and what comes after it. Undefined if it contradicts others. */
function drawOut(watching: Watching, { call, position, seen, unseen }: Sight): number | undefined {
  const after = seen.reduce((latest, change) => Math.max(latest, change.after, callOf(change)), call)
  const before = unseen.reduce((earliest, change) => Math.min(earliest, change.before), position)
  if (after >= before) return undefined
  for (const change of seen) {
    change.before = Math.min(change.before, before)
    change.isSeen = true
  }
  for (const change of unseen) {
    change.after = Math.max(change.after, after)
    change.mayBeFirst = false
  }
  for (const change of unseen) {
    if (change.calls.length === 0 && !change.isSeen) drop(watching, change)
    else if (!hasTime(change)) return undefined
  }
  return after
}

const impossibleAt = ({ name }: Element, found: boolean): Impossible =>
  found ? { is: 'not there', element: name } : { is: 'missing', element: name }

/** An element that nobody has named, where the content at first is unknown. */
function supposed({ elements, pending }: Watching, name: ElementName): Element {
  const element = newElement(name, false)
  elements.set(name, element)
  pending.add(begin(element, { to: true, calls: [], mayBeFirst: true }))
  return element
}

function read(
  watching: Watching,
  position: number,
  call: number,
  content: readonly ElementName[],
): Impossible | undefined {
  const { elements, pending, isKnown } = watching
  const names = new Set(content)
  if (names.size < content.length) {
    const twice = content.find((name, at) => content.indexOf(name) < at)
    return { is: 'twice', element: twice ?? '' }
  }
  const judged = new Set<Element>()
  let there = 0
  for (const name of names) {
    const element = elements.get(name) ?? (isKnown ? undefined : supposed(watching, name))
    if (element === undefined) return { is: 'not there', element: name }
    if (element.loose !== undefined) continue
    if (element.changes.length > 0) judged.add(element)
    else if (element.isIn) there++
    else return { is: 'not there', element: name }
  }
  if (there < watching.present) return missingFrom(watching, names)
  for (const { element } of pending) judged.add(element)
  const sight: Sight = { call, position, seen: [], unseen: [] }
  for (const element of judged) {
    const found = names.has(element.name)
    if (look(watching, sight, element, found)) return impossibleAt(element, found)
  }
  const after = isInRank(watching, sight) ? drawOut(watching, sight) : undefined
  if (after === undefined) return { is: 'contradicted' }
  watching.after = Math.max(watching.after, after)
  watching.isKnown = true
  for (const element of watching.loose) adopt(watching, element, names.has(element.name))
  return undefined
}

function missingFrom({ elements }: Watching, names: ReadonlySet<ElementName>): Impossible {
  for (const { name, isIn, changes } of elements.values()) {
    if (isIn && changes.length === 0 && !names.has(name)) return { is: 'missing', element: name }
  }
  throw new Error('an element is missing, but all that are in were read')
}

/** Whether a read saw changes in the order that earlier ones saw them in; refines that order by it. */
function isInRank(watching: Watching, { seen, unseen }: Sight): boolean {
  const last = seen.reduce((greatest, { rank, isSkipped }) => (isSkipped ? greatest : Math.max(greatest, rank)), 0)
  const first = unseen.reduce(
    (least, { rank, isSkipped }) => (isSkipped ? least : Math.min(least, rank)),
    Number.POSITIVE_INFINITY,
  )
  if (last > first) return false
  if (last === Number.POSITIVE_INFINITY) {
    watching.ranks++
    for (const change of seen) if (change.rank === last) change.rank = watching.ranks
  } else if (last === first) {
    watching.ranks++
    for (const change of watching.pending) if (change.rank > last) change.rank++
    for (const change of unseen) if (change.rank === last) change.rank++
  }
  return true
}

/** Judges an element again, if everything in flight began after all of its operations had ended. */
function adopt(watching: Watching, element: Element, isIn: boolean): void {
  const [first] = watching.observers
  if (element.loose === undefined || element.isHaunted || element.loose.open > 0) return
  if (first === undefined || first.call < element.loose.since) return
  element.loose = undefined
  element.isIn = isIn
  watching.loose.delete(element)
  if (isIn) watching.present++
  tidy(watching, element)
}

interface Found {
  readonly name: ElementName
  readonly isIn: boolean
}

function contained(watching: Watching, position: number, call: number, { name, isIn }: Found): Impossible | undefined {
  const { elements, isKnown } = watching
  let element = elements.get(name)
  if (element === undefined) {
    if (isKnown) return isIn ? { is: 'not there', element: name } : undefined
    if (isIn) element = supposed(watching, name)
    else {
      elements.set(name, newElement(name, false))
      return undefined
    }
  }
  if (element.loose !== undefined) {
    adopt(watching, element, isIn)
    return undefined
  }
  if (element.changes.length === 0) return element.isIn === isIn ? undefined : impossibleAt(element, isIn)
  for (const each of element.changes) wake(watching, each)
  const sight: Sight = { call, position, seen: [], unseen: [] }
  if (look(watching, sight, element, isIn)) return impossibleAt(element, isIn)
  return drawOut(watching, sight) === undefined ? { is: 'contradicted' } : undefined
}
