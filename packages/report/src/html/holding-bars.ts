import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import type { Holding } from '@chaosproxy/checker/effects'
import { duration, FAIL, type History, hasTimes } from '@chaosproxy/history'
import { doubleHolding, holdingsOf } from '../holdings.ts'
import { callTimeOf, returnEventOf } from '../operation-words.ts'
import { type Box, boxOf, freePlace, type Point } from './arc-label.ts'
import { BOLD, CHARACTER } from './bar-labels.ts'
import { type Html, html, svgRect, svgText } from './markup.ts'
import type { Scale } from './scale.ts'

interface Place {
  readonly scale: Scale
  readonly laneOf: (operation: OperationRow) => number
  readonly left: number
  readonly right: number
  readonly taken: readonly Box[]
}

interface DrawnHoldings {
  readonly markup: Html
  /** The areas of the texts that say that two clients held the lock at once. */
  readonly texts: readonly Box[]
}

const THICK = 10
/** Width of the text `release failed`, in pixels. */
const REFUSED_WIDTH = 110

/** Draws who held a lock when, red where two clients held it. */
export function holdingBars(history: History, counterexample: Counterexample, place: Place): DrawnHoldings {
  const holdings = holdingsOf(history, counterexample)
  if (holdings.length === 0) return { markup: html``, texts: [] }
  const from = ({ acquire }: Holding): number => place.scale.ofEvent(returnEventOf(history, acquire))
  // If the release is not drawn, the bar ends at the right edge.
  const to = ({ release }: Holding): number =>
    release === undefined ? place.right : Math.min(place.right, place.scale.ofTime(callTimeOf(history, release)))
  const bar = (holding: Holding, x1: number, x2: number, name: string): Html =>
    svgRect(name, x1, place.laneOf(holding.acquire) - THICK / 2, Math.max(2, x2 - x1), THICK)
  const drawn = holdings.map((holding) =>
    holding.release !== undefined &&
    history.operations.outcome[holding.release] === FAIL &&
    to(holding) < place.right - REFUSED_WIDTH
      ? html`${bar(holding, from(holding), to(holding), 'holding')}${svgText('refused', to(holding) + 6, place.laneOf(holding.acquire) + 4, 'release failed')}`
      : bar(holding, from(holding), to(holding), 'holding'),
  )
  const both = doubleHolding(history, counterexample)
  if (both === undefined) return { markup: html`<g class="holdings">${drawn}</g>`, texts: [] }
  const { first, second, nanos } = both
  const [x1, x2] = [from(second), Math.min(to(first), to(second))]
  const text = `both held it${nanos === undefined || !hasTimes(history) ? '' : ` for ${duration(nanos)}`}`
  const width = text.length * CHARACTER * BOLD
  const { x, y } = freeSpot(
    (x1 + x2) / 2,
    [first, second].map(({ acquire }) => place.laneOf(acquire)),
    width,
    place,
  )
  return {
    markup: html`<g class="holdings">${drawn}${[first, second].map((holding) => bar(holding, x1, x2, 'holding both'))}${svgText('arc-text', x, y, text)}</g>`,
    texts: [boxOf({ x, y }, width)],
  }
}

/** Distances of baselines from the middle of a lane, in pixels. */
const BESIDE_LANE = [30, -16, 20, -26, 40]
const STEP = 30

/** Returns a free place for the centre of a text, as close as possible to the red part of a lane. */
function freeSpot(middle: number, lanes: readonly number[], width: number, { left, right, taken }: Place): Point {
  const within = (x: number): number => Math.min(right - width / 2, Math.max(left + width / 2, x))
  const steps = Array.from({ length: 17 }, (_, i) => (i % 2 === 0 ? 1 : -1) * Math.ceil(i / 2) * STEP)
  const spots = steps.flatMap((step) =>
    BESIDE_LANE.flatMap((below) => lanes.toReversed().map((lane) => ({ x: within(middle + step), y: lane + below }))),
  )
  return freePlace(spots, width, taken) ?? { x: middle, y: 0 }
}
