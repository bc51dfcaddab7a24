import type { Json } from '@chaosproxy/history'
import type { Message } from './message.ts'

/** The longest body of an answer to look for a refusal in. */
export const LONGEST_REFUSAL_BYTES: number = 64 * 1024

/** A place in an answer of success where services say that they refused, and what it holds then. */
interface Sign {
  /** The member; undefined if the whole body is the sign. */
  readonly member: string | undefined
  refuses(value: Json | undefined): boolean
  /** Conditions on the answer for a refusal and for a success, as a table has them. */
  readonly refused: string
  readonly done: string
}

const hasContent = (value: Json | undefined): boolean => {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

const isFalse = (value: Json | undefined): boolean => value === false

const said = (member: string): Sign => ({
  member,
  refuses: hasContent,
  refused: `{"json.${member}": {"there": true}}`,
  done: `{"json.${member}": {"there": false}}`,
})

const denied = (member: string): Sign => ({
  member,
  refuses: isFalse,
  refused: `{"json.${member}": false}`,
  done: `{"json.${member}": true}`,
})

/** GraphQL, JSON-RPC, and what others do with a status of 200. */
const SIGNS: readonly Sign[] = [
  said('errors'),
  said('error'),
  denied('ok'),
  denied('success'),
  { member: undefined, refuses: isFalse, refused: '{"json": false}', done: '{"json": true}' },
]

/** A part of the text of every body with a sign: most bodies have none, and need not be parsed. */
export const SOME_SIGN: RegExp = /"(errors?|ok|success)"|^\s*false\b/

/**
 * A check that an answer of success carries no refusal; it returns why its meaning is unknown. What the operation itself
 * reads is no sign: there it is a value like any other.
 *
 * @param places the places in the answer that the operation reads
 */
export function compileRefusals(places: readonly string[]): (answer: Message, harmless: boolean) => string | undefined {
  const isRead = ({ member }: Sign) =>
    places.some((place) => WHOLE.test(place) || (member !== undefined && place.startsWith(`answer.json.${member}`)))
  const signs = SIGNS.filter((sign) => !isRead(sign))
  if (signs.length === 0) return () => undefined
  return (answer, harmless) => {
    if (!answer.mayContain(SOME_SIGN)) return undefined
    const { json } = answer
    if (json === undefined) return undefined
    const found = signs.find(({ member, refuses }) => partsOf(json, member).some(refuses))
    if (found === undefined) return undefined
    const sign = found.member === undefined ? 'is false' : `says ${JSON.stringify(found.member)}`
    // A read that failed after a write is what a lost write looks like; one of which nothing is known is not.
    const outcome = harmless ? 'info' : 'fail'
    return `its body ${sign}, which may be a refusal. Say what it means: "answers": [{"when": ${found.refused}, "outcome": "${outcome}"}, {"when": ${found.done}, "outcome": "ok"}]`
  }
}

/** The whole body is the value. */
const WHOLE = /^answer\.(json|body)$/

/** The body or its member; for a batch, of each of its answers. */
function partsOf(body: Json, member: string | undefined): readonly (Json | undefined)[] {
  if (member === undefined) return [body]
  const answers: readonly Json[] = Array.isArray(body) ? body : [body]
  return answers.map((answer) =>
    answer !== null && typeof answer === 'object' && Object.hasOwn(answer, member)
      ? (answer as { readonly [name: string]: Json })[member]
      : undefined,
  )
}
