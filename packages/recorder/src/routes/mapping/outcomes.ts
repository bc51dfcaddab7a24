import { grpcStatusNames, usualGrpcOutcome } from '@chaosproxy/wire/grpc-status'
import type { Answer } from '@chaosproxy/wire/http'
import type { OutcomeName, RecordedRoute } from '../table/route-table.ts'
import { compileConditions } from './conditions.ts'
import { compileRefusals } from './refusals.ts'
import type { Scene } from './scene.ts'

/** The meaning of a response, or why its meaning is unclear. `declined`: the object itself refused the request. */
export type Meaning = OutcomeName | 'declined' | { readonly unclear: string }

/**
 * Compiles the meaning of responses: by their status in the table, by its class, or by HTTP's rules. If the status
 * means success, the content decides the meaning.
 *
 * @param places the places in the response that the operations read
 */
export function compileOutcomes(
  { outcomes = {}, answers }: Pick<RecordedRoute, 'outcomes' | 'answers'>,
  places: readonly string[],
): (answer: Answer, harmless: boolean, scene: Scene) => Meaning {
  const refusalIn = compileRefusals(places)
  const cases = answers?.map(({ when, outcome }) => ({ fits: compileConditions(when, 'answer'), outcome }))
  const known: readonly Map<number, Meaning>[] = [new Map(), new Map()]
  const meaningOf = (answer: Answer, harmless: boolean): Meaning => {
    if (answer.grpcStatus !== undefined) return meaningOfStatus(answer, outcomes, harmless)
    const meanings = known[harmless ? 1 : 0]
    let meaning = meanings?.get(answer.status)
    if (meaning === undefined) {
      meaning = meaningOfStatus(answer, outcomes, harmless)
      meanings?.set(answer.status, meaning)
    }
    return meaning
  }
  return (answer, harmless, scene) => {
    const meaning = meaningOf(answer, harmless)
    if (meaning !== 'ok') return meaning
    if (cases === undefined) {
      const refusal =
        scene.answer === undefined || answer.grpcStatus !== undefined ? undefined : refusalIn(scene.answer, harmless)
      return refusal === undefined ? meaning : { unclear: refusal }
    }
    const fitting = cases.find(({ fits }) => fits(scene))
    return fitting?.outcome ?? { unclear: 'none of the cases in "answers" fits' }
  }
}

function meaningOfStatus(
  { status, grpcStatus }: Answer,
  outcomes: NonNullable<RecordedRoute['outcomes']>,
  harmless: boolean,
): Meaning {
  if (grpcStatus === undefined) {
    const ofClass = OF_NO_CLASS.has(status) ? undefined : outcomes[`${Math.floor(status / 100)}xx`]
    const meaning = outcomes[String(status)] ?? ofClass ?? usualMeaning(status, harmless)
    return meaning === 'fail' && ABOUT_THE_OBJECT.has(status) ? 'declined' : meaning
  }
  const outcome = outcomes[`grpc ${grpcStatus}`] ?? outcomes[`grpc ${grpcStatusNames[grpcStatus] ?? ''}`]
  if (outcome === undefined && harmless && grpcStatusNames[grpcStatus] === 'NOT_FOUND')
    return absentPerhaps('grpc NOT_FOUND')
  return outcome ?? usualGrpcOutcome(grpcStatus)
}

/**
 * The meaning of a status without a table entry. Success is any 2xx, except 202, which promises nothing, and 206 and
 * 207, which concern parts. A refusal is any 4xx, except 408 and 499, which may follow a partial execution, and 404,
 * which may mean an absent value.
 */
function usualMeaning(status: number, harmless: boolean): Meaning {
  if (status === 206 || status === 207 || (status === 202 && harmless))
    return unclear(status, '"ok", "absent" or "fail"')
  if (status === 202) return 'info'
  if (status >= 200 && status < 300) return 'ok'
  if (harmless && (status === 404 || status === 410)) return absentPerhaps(status)
  if (harmless && status === 304)
    return unclear(status, '"fail" (the check ignores the read) or "ok" (the result is in the headers of the answer)')
  return status >= 400 && status < 500 && status !== 408 && status !== 499 ? 'fail' : 'info'
}

/**
 * Statuses that a class such as `5xx` does not cover. After 202, success is not known; 206 and 207 mean partial
 * success. After 408, 499, 502 and 504, the request may still be executed.
 */
const OF_NO_CLASS: ReadonlySet<number> = new Set([202, 206, 207, 408, 499, 502, 504])

/**
 * The outcome of a read with a status that may mean that there is no value. The outcome is not `fail`, because the
 * check ignores failed reads and could then miss a lost write.
 */
const absentPerhaps = (status: number | string): Meaning => ({
  unclear: `if ${status} means that there is no value, say so in the route's "outcomes": {"${status}": "absent"}`,
})

/**
 * Refusals because of the object's state: Conflict, Precondition Failed and Locked (RFC 9110 §15.5.10 and §15.5.13, RFC
 * 4918 §11.3).
 */
const ABOUT_THE_OBJECT: ReadonlySet<number> = new Set([409, 412, 423])

const unclear = (status: number | string, choice: string): Meaning => ({
  unclear: `say in the route's "outcomes" whether ${status} is ${choice}`,
})
