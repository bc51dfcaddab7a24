/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json }

/** The first line of a proof: the history and the options for judging it. */
export interface ProofHead {
  readonly proof: 1
  /** `sha256:` and the hash of the history's bytes, in hexadecimal. */
  readonly history: string
  readonly model: string
  /** The initial value of every object; absent if it is unknown. */
  readonly initial?: Json
  /** Whether a failed cas did not happen (`drop`), or saw another value (`observes`). */
  readonly failedCas?: 'drop' | 'observes'
}

/**
 * A line of a proof after the head. An operation is identified by the line of its invocation. The verifier trusts no
 * claim.
 */
export type LevelProof =
  /** The level follows from another accepted level: a stronger one that is met, or a weaker one that is violated. */
  | { readonly level: string; readonly result: 'met' | 'violated'; readonly by: string }
  /** An order of operations: the line of the first one, and then the distance of each line from the previous line. */
  | {
      readonly level: string
      readonly result: 'met'
      readonly order: readonly number[]
      /** The initial value of every key that this order contains. Present if the proof's head has no initial value. */
      readonly start?: Json
    }
  /** By read, in order: the line of the write that it saw; 0 for the initial value. */
  | { readonly level: string; readonly result: 'met'; readonly sources: readonly number[] }
  /** A few operations that contradict the level regardless of all others. */
  | { readonly level: string; readonly result: 'violated'; readonly core: readonly number[] }
  /** The final reads prove the result. */
  | { readonly level: string; readonly result: 'met' | 'violated'; readonly final: true }
  /** The verifier itself judges the whole history by the definition of the level. */
  | { readonly level: string; readonly result: 'met'; readonly whole: true }

/** The lines of a proof, in order. */
export interface Proof {
  readonly head: ProofHead
  readonly levels: readonly LevelProof[]
}

/** The file is not a proof, or the verifier cannot read the history. */
export class Unreadable extends Error {}

/** A rule is broken: the proof is wrong. */
export class Refused extends Error {}

/** The verifier cannot decide: the proof is neither accepted nor refused. */
export class Undecided extends Error {}

export const refuse = (why: string): never => {
  throw new Refused(why)
}

export const undecided = (why: string): never => {
  throw new Undecided(why)
}

/**
 * @throws Unreadable if the first line is not the head of a proof. @throws Refused if a later line is not an entry,
 * such as the incomplete last line of a proof.
 */
export function parseProof(text: string): Proof {
  const [first = '', ...others] = text.split('\n')
  const head = objectIn(first)
  if (!isHead(head)) throw new Unreadable('a proof begins with {"proof":1,"history":"sha256:…","model":"…"}')
  const levels = others.flatMap((line, at): LevelProof[] => {
    if (line === '') return []
    const entry = objectIn(line)
    return isLevel(entry) ? [entry] : refuse(`line ${at + 2} of the proof is not an entry: it is cut off or damaged`)
  })
  return { head, levels }
}

/** Parses a JSON object. Returns it, or the reason why it cannot be read. */
export function objectIn(text: string): { readonly [member: string]: Json } | string {
  try {
    const json: unknown = JSON.parse(text)
    const count = membersIn(json)
    // JSON.parse keeps only one of several members with the same name, so the members in the text are counted, too.
    // Each has a colon after a quote. Strings may also contain a colon after a quote. If the numbers differ, the colons
    // outside strings are therefore counted instead.
    const isNamedOnce =
      text.match(/"\s*:/g)?.length === count || text.replace(STRINGS, '').split(':').length - 1 === count
    if (!isNamedOnce) return 'an object has two members of one name'
    return isObject(json) ? json : NO_OBJECT
  } catch (error) {
    return error instanceof Unreadable ? error.message : NO_OBJECT
  }
}

const NO_OBJECT = 'this is not a JSON object'
const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g

/** Comparing deeper values would overflow the stack. */
const MOST_NESTED = 600

/** Counts the members of all objects inside a value. @throws Unreadable if the value is nested too deeply. */
function membersIn(json: unknown, depth = 0): number {
  if (typeof json !== 'object' || json === null) return 0
  if (depth > MOST_NESTED) throw new Unreadable(`lists and objects have more than ${MOST_NESTED} levels of nesting`)
  const inner: readonly unknown[] = Object.values(json)
  let count = isObject(json) ? inner.length : 0
  for (const each of inner) count += membersIn(each, depth + 1)
  return count
}

export const isObject = (json: unknown): json is { readonly [member: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

const isHead = (json: unknown): json is ProofHead =>
  isObject(json) &&
  json['proof'] === 1 &&
  typeof json['history'] === 'string' &&
  typeof json['model'] === 'string' &&
  [undefined, 'drop', 'observes'].includes(json['failedCas'] as undefined)

const EVIDENCE = ['by', 'order', 'sources', 'core', 'final', 'whole']

/** Whether `json` is the proof of one level: it must have one kind of evidence, which must suit its result. */
function isLevel(json: unknown): json is LevelProof {
  if (!isObject(json)) return false
  const { level, result } = json
  const [kind, ...others] = EVIDENCE.filter((each) => json[each] !== undefined)
  if (typeof level !== 'string' || (result !== 'met' && result !== 'violated') || others.length > 0) return false
  switch (kind) {
    case 'by':
      return typeof json[kind] === 'string'
    case 'final':
      return json[kind] === true
    case 'whole':
      return result === 'met' && json[kind] === true
    case 'core':
      return result === 'violated' && isLines(json[kind])
    case 'order':
    case 'sources':
      return result === 'met' && isLines(json[kind])
    default:
      return false
  }
}

const isLines = (json: unknown): json is readonly number[] => Array.isArray(json) && json.every(Number.isSafeInteger)
