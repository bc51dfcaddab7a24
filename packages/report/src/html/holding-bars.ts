import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { duration, FAIL, type History } from '@chaosproxy/history'
import { doubleHolding, type Holding, holdingsOf } from '../holdings.ts'
import { hasTimes } from '../moments.ts'
import { type Html, html } from './markup.ts'
import type { Scale } from './scale.ts'

interface Place {
  readonly scale: Scale
  /** The middle of the lane of an operation's process. */
  readonly laneOf: (operation: OperationRow) => number
  /** Where the drawing ends. */
  readonly right: number
}

const THICK = 10
/** The room that `release failed` takes. */
const REFUSED_WIDTH = 110

const isRefused = ({ operations }: History, { release }: Holding): boolean =>
  release !== undefined && operations.outcome[release] === FAIL

/** For a lock: who held it when, as a bar in each client's lane, red where two held it. */
export function holdingBars(history: History, counterexample: Counterexample, place: Place): Html | undefined {
  const holdings = holdingsOf(history, counterexample)
  if (holdings.length === 0) return undefined
  const { callTime, returnEvent } = history.operations
  const from = ({ acquire }: Holding): number => place.scale.ofEvent(returnEvent[acquire] ?? 0)
  // The release need not be among the operations drawn.
  const to = ({ release }: Holding): number =>
    release === undefined ? place.right : Math.min(place.right, place.scale.ofTime(callTime[release] ?? 0))
  const bar = (holding: Holding, x1: number, x2: number, name: string): Html =>
    html`<rect class="${name}" x="${x1}" y="${place.laneOf(holding.acquire) - THICK / 2}" width="${Math.max(2, x2 - x1)}" height="${THICK}"/>`
  const both = doubleHolding(history, counterexample)
  const drawn = holdings.map((holding) =>
    isRefused(history, holding) && to(holding) < place.right - REFUSED_WIDTH
      ? html`${bar(holding, from(holding), to(holding), 'holding')}<text class="refused" x="${to(holding) + 6}" y="${place.laneOf(holding.acquire) + 4}">release failed</text>`
      : bar(holding, from(holding), to(holding), 'holding'),
  )
  if (both === undefined) return html`<g class="holdings">${drawn}</g>`
  const { first, second, nanos } = both
  const [x1, x2] = [from(second), Math.min(to(first), to(second))]
  const length = nanos === undefined || !hasTimes(history) ? '' : ` for ${duration(nanos)}`
  const middle = Math.min(place.right - 60, Math.max(140, (x1 + x2) / 2))
  return html`<g class="holdings">${drawn}${[first, second].map((holding) => bar(holding, x1, x2, 'holding both'))}<text class="arc-text" x="${middle}" y="${place.laneOf(second.acquire) + 30}">both held it${length}</text></g>`
}
