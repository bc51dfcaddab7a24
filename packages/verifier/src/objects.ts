import { isList, listOf, type Operation, textOf, textsOf, wordsOf } from './history.ts'
import { type Action, type Counts, type Model, type Objects, objectsOf } from './model.ts'
import { type Json, type ProofHead, refuse, undecided } from './proof.ts'

// This file has the sequential specifications of objects (Herlihy & Wing 1990).

export const unknownFunction = ({ line, f }: Operation): never =>
  undecided(`line ${line}: the verifier does not cover the function "${f}"`)

/**
 * Returns the requested value.
 *
 * @throws Undecided if the answer is another value of the same type, because it is unclear which of the two values
 * counts.
 */
function inputOf({ input, answer, outcome, line }: Operation): Json {
  const isOther = outcome === 'ok' && answer !== undefined && answer !== null && textOf(answer) !== textOf(input)
  if (isOther && (input === null || typeof answer === typeof input))
    undecided(`line ${line}: its completion has another value than its call, and it is unclear which of them counts`)
  return input
}

/**
 * Returns the text of a value; null stands for the initial value. @throws Undecided if the initial value is unknown.
 */
function known(json: Json | undefined, { initial }: ProofHead): string {
  if ((json ?? null) !== null) return textOf(json)
  return initial === undefined ? undecided('a null stands for the initial value, which is unknown') : textOf(initial)
}

/** A register: read, write, cas, and append to its text. */
export const register: Model = {
  family: 'cells',
  view(operation, head) {
    const { f, input, outcome, answer = null } = operation
    if (f === 'read' || f === 'get') return outcome === 'ok' ? [{ kind: 'cell', expects: known(answer, head) }] : []
    if (f === 'cas') {
      const [old, next] = listOf(inputOf(operation))
      const expects = known(old, head)
      if (outcome !== 'fail') return [{ kind: 'cell', expects, writes: known(next, head) }]
      return head.failedCas === 'observes' ? [{ kind: 'cell', differs: expects }] : []
    }
    if (f !== 'write' && f !== 'put' && f !== 'append') return unknownFunction(operation)
    if (outcome === 'fail') return []
    if (f === 'append') return [{ kind: 'cell', appends: wordsOf(textOf(inputOf(operation))) }]
    // An answer of the same type as the input is taken for the written value.
    const hasValue = outcome === 'ok' && answer !== null && typeof answer === typeof input
    return [{ kind: 'cell', writes: known(hasValue ? answer : inputOf(operation), head) }]
  },
  start: (initial) => cells(() => textOf(initial())),
}

/** A lock: free, or held by a client, with tokens that increase. */
export const lock: Model = {
  family: 'cells',
  view(operation) {
    const { f, client, outcome, input, answer } = operation
    const isRelease = f === 'release' || f === 'unlock'
    if (!isRelease && f !== 'acquire' && f !== 'lock') return unknownFunction(operation)
    if (outcome === 'fail') return []
    if (isRelease) return [{ kind: 'cell', expects: `by ${client}`, writes: FREE }]
    const token = outcome === 'ok' && typeof answer === 'number' && answer !== input ? answer : undefined
    return [{ kind: 'cell', expects: FREE, writes: `by ${client}`, token }]
  },
  start: (initial) => cells(() => (initial() === null || initial() === false ? FREE : `by ${initial()}`)),
}

const FREE = 'free'

export const cells = (first: () => string): Objects =>
  objectsOf(
    () => ({ held: first(), tokens: [] as number[] }),
    (cell, action) => {
      if (action.kind !== 'cell') return false
      const { expects = cell.held, differs, token, writes = cell.held, appends } = action
      if (expects !== cell.held || differs === cell.held) return false
      if (token !== undefined && cell.tokens.some((each) => each >= token)) return false
      if (token !== undefined) cell.tokens = [token]
      cell.held = appends === undefined ? writes : textOf(wordsOf(cell.held) + appends)
      return true
    },
  )

/** `does` maps each function to its kind of action. */
const elementsBy = (does: {
  readonly [f: string]: 'add' | 'remove' | 'contains' | 'all' | 'take' | 'drain' | 'give'
}): Model['view'] => {
  const kinds = new Map(Object.entries(does))
  return (operation) => {
    const { f, outcome, input, answer = null } = operation
    const kind = kinds.get(f) ?? unknownFunction(operation)
    if (outcome === 'fail') return []
    if (kind === 'add' || kind === 'remove') return [{ kind, element: textOf(inputOf(operation)) }]
    if (outcome !== 'ok' && kind === 'take') return [{ kind: 'take any' }]
    if (outcome !== 'ok') return kind === 'drain' ? unknownFunction(operation) : []
    if (kind === 'all' && operation.answer === undefined)
      return undecided(`line ${operation.line}: this read has no result`)
    if (kind === 'all') return [{ kind, elements: textsOf(answer) }]
    if (kind === 'contains') {
      const [element = null, found] = isList(answer) ? answer : [input, answer]
      return typeof found === 'boolean'
        ? [{ kind, element: textOf(element), found }]
        : refuse(`line ${operation.line}: the answer to contains must be true or false`)
    }
    if (kind === 'take' && answer === null) return [{ kind: 'empty' }]
    if (kind !== 'drain') return [{ kind: 'take', element: textOf(answer) }]
    // A drain takes one message after another, until the queue is empty.
    return [...textsOf(answer).map((element): Action => ({ kind: 'take', element })), { kind: 'empty' }]
  }
}

/** Sets: a boolean for each element. */
const marked = (initial: () => Json, counts: Counts, isGivenOnce: boolean): Objects =>
  objectsOf(
    () => Object.fromEntries(Array.from(textsOf(initial()).filter(counts), (each) => [each, true])),
    (held: { [element: string]: boolean }, action) => {
      if (action.kind === 'all') {
        const read = new Set(action.elements.filter(counts))
        const isDistinct = read.size === action.elements.filter(counts).length
        return isDistinct && Object.keys(held).length === read.size && [...read].every((each) => held[each] === true)
      }
      if (!('element' in action) || !counts(action.element)) return 'element' in action
      const { kind, element } = action
      if (kind === 'contains') return (held[element] === true) === action.found
      if (isGivenOnce && held[element] === true) return false
      if (kind === 'remove') delete held[element]
      else held[element] = true
      return true
    },
  )

/**
 * A mark in a bag's list of elements, at the position of an unanswered dequeue. The dequeue may have taken any element
 * before the mark.
 */
const TAKER = 'taker'

/** Elements by arrival. A queue returns the first, and a bag any element. */
const ordered = (initial: () => Json, counts: Counts, isBag: boolean): Objects =>
  objectsOf(
    () => [...textsOf(initial()).filter(counts)],
    (held, action) => {
      switch (action.kind) {
        case 'add':
          if (counts(action.element)) held.push(action.element)
          return true
        case 'all': {
          const read = action.elements.filter(counts)
          return read.length === held.length && read.every((each, at) => each === held[at])
        }
        case 'take': {
          if (!counts(action.element)) return true
          // Takes the last of equal messages, because unanswered dequeues may have taken the earlier ones.
          const at = isBag ? held.lastIndexOf(action.element) : 0
          return at >= 0 && held.splice(at, 1)[0] === action.element
        }
        case 'take any':
          if (isBag) held.push(TAKER)
          else held.shift()
          return true
        case 'empty': {
          let takers = 0
          const areTaken = held.toReversed().every((each) => {
            takers += each === TAKER ? 1 : -1
            return takers >= 0
          })
          held.length = 0
          return areTaken
        }
        default:
          return false
      }
    },
  )

const queueView = elementsBy({
  ...{ enqueue: 'add', send: 'add', publish: 'add' },
  ...{ dequeue: 'take', receive: 'take', consume: 'take', drain: 'drain' },
})
const setView = elementsBy({ add: 'add', remove: 'remove', contains: 'contains', read: 'all' })

/** The models of objects with elements. If some elements are left out, the rest is an object of the same kind. */
export const elementModels: { readonly [name: string]: Model } = {
  set: { family: 'elements', view: setView, start: (initial, counts) => marked(initial, counts, false) },
  'unique-ids': {
    family: 'elements',
    view: elementsBy({ generate: 'give' }),
    start: (_, counts) => marked(() => null, counts, true),
  },
  'list-append': {
    family: 'elements',
    view: elementsBy({ append: 'add', read: 'all' }),
    start: (initial, counts) => ordered(initial, counts, false),
  },
  queue: { family: 'elements', view: queueView, start: (initial, counts) => ordered(initial, counts, false) },
  bag: { family: 'elements', view: queueView, start: (initial, counts) => ordered(initial, counts, true) },
}
