import { inputError } from '@chaosproxy/history'
import { ms, optional, probability, text, wholeNumber } from './parameter.ts'

/**
 * Returns the parameters that select the candidates for a fault by their ordinal number or by probability. Their
 * descriptions call a candidate `noun`, such as `request`, followed by `of`, such as ` of a link`.
 */
export const counting = (noun: string, of = '') => ({
  probability: optional(probability(`the probability that each ${noun} is hit`)),
  nth: optional(wholeNumber(`hit only the ${noun}${of} with this number, counted from 1`, { least: 1 })),
  first: optional(wholeNumber(`hit only ${noun}s${of} up to this number, counted from 1`, { least: 1 })),
  every: optional(wholeNumber(`hit only every nth ${noun}${of}, with this value as n`, { least: 1 })),
})

/** Limits of a fault's time, in milliseconds since it was applied. */
export const times = {
  fromMs: optional(ms('begin this long after the fault is applied')),
  untilMs: optional(ms('end this long after the fault is applied')),
}

export const client = optional(text('hit only clients with this address or in this network (10.0.0.0/8)'))

/** The conditions that select among a fault's candidates, such as requests. */
interface When {
  readonly probability?: number | undefined
  readonly nth?: number | undefined
  readonly first?: number | undefined
  readonly every?: number | undefined
  readonly fromMs?: number | undefined
  readonly untilMs?: number | undefined
  readonly afterMessages?: number | undefined
}

/**
 * @throws UserError (input) if nothing can meet the conditions. The message suggests the nearest possible condition.
 */
export function validateWhen({ fromMs, untilMs, nth, first, every }: When, where: string): void {
  if (fromMs !== undefined && untilMs !== undefined && untilMs <= fromMs)
    throw inputError(`${where}: "untilMs" is ${untilMs}, which must be greater than "fromMs" ${fromMs}.`)
  const chosen = nth ?? every ?? 1
  if (first !== undefined && chosen > first) {
    const name = nth === undefined ? 'every' : 'nth'
    throw inputError(
      `${where}: "first" is ${first}, less than "${name}" ${chosen}, so no message meets both conditions. Give "first" ${chosen} or more, or leave it out.`,
    )
  }
  if (nth !== undefined && every !== undefined && nth % every !== 0)
    throw inputError(
      `${where}: "nth" is ${nth}, which is not a multiple of "every" ${every}, so no message meets both conditions. The nearest is "nth" ${Math.max(1, Math.round(nth / every)) * every}.`,
    )
}

/**
 * Decides for each candidate in turn whether a fault hits it. Candidates are the events that match the fault in one
 * place, such as a link. Each call takes one candidate.
 */
export class Trigger {
  readonly #when: When | undefined
  #counted = 0

  constructor(when: When | undefined) {
    this.#when = when
  }

  /**
   * @param ageMs how long ago the fault was applied.
   *
   * @param draw returns a number, uniform in [0, 1). It is called only if the decision depends on chance.
   *
   * @param earlier the number of earlier messages in the same direction of the same connection.
   */
  strikes(ageMs: number, draw: () => number, earlier = 0): boolean {
    const when = this.#when
    if (when === undefined) return true
    if (ageMs < (when.fromMs ?? 0) || ageMs >= (when.untilMs ?? Number.POSITIVE_INFINITY)) return false
    return earlier >= (when.afterMessages ?? 0) && this.chooses(draw)
  }

  /**
   * Decides whether the fault hits the next candidate, by the candidate's number and the probability alone. Ignores
   * conditions on time.
   */
  chooses(draw: () => number): boolean {
    const when = this.#when
    if (when === undefined) return true
    const { nth, first, every, probability: share } = when
    const number = ++this.#counted
    if (nth !== undefined && number !== nth) return false
    if (first !== undefined && number > first) return false
    if (every !== undefined && number % every !== 0) return false
    return share === undefined || draw() < share
  }
}
