import { NEVER } from '../../encoding/encoded.ts'
import { type Budget, ticking } from '../../limits/budget.ts'
import { choose, NO_OUTPUT, type Part } from '../model/part.ts'
import { anchorsOf } from './anchors.ts'
import { bestGuess } from './guess.ts'
import { type Addition, type Known, type Sighting, type Since, sightingsOf, unknownOf } from './sightings.ts'

/** The operations that are supposed to have taken effect, with their supposed, shorter intervals. */
export interface Supposed {
  readonly part: Part
  readonly indices: readonly number[]
}

/**
 * Supposes which operations of unknown outcome took effect, and when. Infers this from the reads that return the sum of
 * all amounts. An order that satisfies the suppositions explains the part. If no order satisfies them, this proves
 * nothing, because the suppositions may be wrong.
 */
export function supposed(known: Known, budget: Budget): Supposed | undefined {
  const sightings = sightingsOf(known, budget)
  if (sightings.length === 0) return undefined
  const unknown = unknownOf(known)
  const since: [operation: Addition, at: number][] = []
  for (let each = bestGuess(sightings, unknown, budget).taken; each !== undefined; each = each.before)
    since.push([unknown[each.unknown], each.since])
  const intervals = intervalsOf(known.part, sightings, since, budget)
  return intervals && narrowed(known.part, intervals, since, budget)
}

interface Intervals {
  readonly calls: Float64Array
  readonly returns: Float64Array
}

function intervalsOf(part: Part, sightings: readonly Sighting[], since: Since, budget: Budget): Intervals | undefined {
  const calls = Float64Array.from(part.calls)
  const returns = Float64Array.from(part.returns)
  for (const [{ operation }, at] of since) returns[operation] = sightings[at].return
  let before = 0
  for (const { at, point, included, excluded, added } of anchorsOf(sightings, since, budget)) {
    budget.tick()
    for (const operation of included) returns[operation] = Math.min(returns[operation], point)
    for (const operation of excluded) calls[operation] = Math.max(calls[operation], point)
    const { read } = sightings[at]
    returns[read] = Math.min(returns[read], point)
    for (const operation of added) {
      calls[operation] = Math.max(calls[operation], before)
      returns[operation] = point
    }
    before = point
  }
  for (let i = 0; i < part.length; i++) if (calls[i] >= returns[i]) return undefined
  return { calls, returns }
}

/**
 * Returns the part without the operations that, by supposition, did not take effect. Renumbers the events by the
 * supposed intervals. At equal times, returns precede calls.
 */
function narrowed(part: Part, { calls, returns }: Intervals, since: Since, budget: Budget): Supposed {
  const tookEffect = new Set(since.map(([{ operation }]) => operation))
  const indices: number[] = []
  for (let i = 0; i < part.length; i++) if (part.returns[i] !== NEVER || tookEffect.has(i)) indices.push(i)
  const output = part.output.slice()
  for (const operation of tookEffect) output[operation] = NO_OUTPUT
  const chosen = choose({ ...part, output }, indices, budget)
  const timeOf = (event: number): number => ((event & 1) === 0 ? calls : returns)[indices[event >> 1]]
  const events = Array.from({ length: 2 * indices.length }, (_, event) => event)
  events.sort(ticking((a, b) => timeOf(a) - timeOf(b) || (b & 1) - (a & 1), budget))
  for (const [place, event] of events.entries()) ((event & 1) === 0 ? chosen.calls : chosen.returns)[event >> 1] = place
  return { part: chosen, indices }
}
