import { type Json, memberOf } from '@chaosproxy/history'
import type { Message } from './message.ts'

/** Maximum size of a body that is searched for a refusal, in bytes. */
export const LONGEST_REFUSAL_BYTES: number = 64 * 1024

/** A place in a successful response where services report a refusal. */
interface Sign {
  /** The member with the refusal; undefined for the whole body. */
  readonly member: string | undefined
  refuses(value: Json | undefined): boolean
  /** The condition that matches a refusal, in the syntax of route tables. */
  readonly refused: string
  /** The condition that matches a success, in the syntax of route tables. */
  readonly done: string
}

const hasContent = (value: Json | undefined): boolean => {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

const isFalse = (value: Json | undefined): boolean => value === false

const errorMember = (member: string): Sign => ({
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

const failing = (word: string): Sign => ({
  member: 'status',
  refuses: (value) => value === word,
  refused: `{"json.status": "${word}"}`,
  done: '{"json.status": {"there": true}}',
})

/** Signs of refusals in GraphQL, JSON-RPC, JSend, and other conventions with a status of 200. */
const SIGNS: readonly Sign[] = [
  errorMember('errors'),
  errorMember('error'),
  denied('ok'),
  denied('success'),
  failing('error'),
  failing('fail'),
  { member: undefined, refuses: isFalse, refused: '{"json": false}', done: '{"json": true}' },
]

/**
 * Matches every response body that may report a refusal, such as a body with the member `error`. Most bodies do not
 * match, and need not be parsed.
 */
const SOME_SIGN: RegExp = /"(errors?|ok|success)"|"status"\s*:\s*"(error|fail)"|^\s*false\b/

/**
 * Compiles a check for responses with a successful status whose body may report a refusal. The check returns the
 * reason. It ignores places that the operation reads, because these places contain data.
 *
 * @param places the places in the response that the operation reads
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
    // The checker ignores a read that ends as `fail` or as `info`. Propose `info`, which claims less: the answer may
    // only mean that there is no value.
    const outcome = harmless ? 'info' : 'fail'
    return `its body ${sign}, which may be a refusal. Say what it means: "answers": [{"when": ${found.refused}, "outcome": "${outcome}"}, {"when": ${found.done}, "outcome": "ok"}]`
  }
}

/** Matches places that are the whole body of the response, but not a member, such as `answer.json.ok`. */
const WHOLE = /^answer\.(json|body)$/

function partsOf(body: Json, member: string | undefined): readonly (Json | undefined)[] {
  if (member === undefined) return [body]
  const answers: readonly Json[] = Array.isArray(body) ? body : [body]
  return answers.map((answer) => memberOf(answer, [member]))
}
