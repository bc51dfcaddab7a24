import { type Nemesis, parsePlan } from '@chaosproxy/faults'
import { inputError, isObject, type UserError } from '@chaosproxy/history'
import { withAttributedErrors } from './attributed-errors.ts'

/** Returns a nemesis whose plans are parsed like schedules, with defaults and checks. */
export function checkedNemesis(nemesis: Nemesis, where: string): Nemesis {
  const wrong = (what: string): UserError => inputError(`${where}: ${what}`)
  const own = withAttributedErrors(nemesis, where)
  return {
    ...nemesis,
    plan(random, nodes) {
      const episode: unknown = own.plan(random, nodes)
      const { parts, lengths } = isObject(episode) ? episode : {}
      if (!Array.isArray(parts) || parts.length === 0 || !parts.every(isObject))
        throw wrong('"plan" returned no parts. Return { parts: [{ from: 0, to: 1, plan: { kind, … } }], lengths: 1 }.')
      if (typeof lengths !== 'number' || !(lengths > 0 && lengths < Number.POSITIVE_INFINITY))
        throw wrong(
          `"lengths" is ${String(lengths)}. Return a number above 0: the episode's length divided by an ordinary fault's length.`,
        )
      return {
        lengths,
        parts: parts.map(({ from, to, plan }, i) => {
          if (typeof from !== 'number' || typeof to !== 'number' || !(0 <= from && from <= to && to <= 1))
            throw wrong(`parts[${i}] is from ${String(from)} to ${String(to)}. Give shares: 0 ≤ from ≤ to ≤ 1.`)
          const read = parsePlan(plan, `${where}: parts[${i}].plan`)
          if (read.kind === nemesis.kind) return { from, to, plan: read }
          throw wrong(`parts[${i}].plan is a ${read.kind}, and its "kind" is ${nemesis.kind}. Let both be the same.`)
        }),
      }
    },
  }
}
