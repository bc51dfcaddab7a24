import type { Counterexample, OperationRow, OrderEdge } from '@chaosproxy/checker'
import { type Arc, boxAround, discOn, type Point, pathOf } from './arc-label.ts'
import { type Html, html, svgText } from './markup.ts'
import { type Covers, type End, routesOf } from './route.ts'

export const BAR = 20
export const DISC = 8

export interface Bar extends End {
  readonly operation: OperationRow
  /** Number of the bar in the text beside the drawing, from 1. */
  readonly number: number
  readonly lane: number
}

/** Draws the steps of a cycle as arcs with letters, placed so that they cover as little as possible. */
export function cycleArcs(counterexample: Counterexample, bars: readonly Bar[], covers: Covers): Html[] {
  const steps = stepsBetween(counterexample, bars)
  const covered = [...covers.texts, ...covers.bars]
  const routes = routesOf(
    steps.map(({ from, to }) => [from, to]),
    covers,
  )
  return routes.flatMap(({ arc }, i) => {
    const step = steps[i]
    if (step === undefined) return []
    const place = discOn(arc, DISC, covered)
    covered.push(boxAround(place, DISC, DISC))
    return [edgeMarkup(counterexample.level, step.edge, arc, place, step.number)]
  })
}

/** Defines the tips of arrows. Ids contain the level, because a page may have several drawings. */
export const arrowTips = (level: string): readonly Html[] =>
  ['tip', 'tip-calm'].map(
    (look) =>
      html`<marker id="${look}-${level}" viewBox="0 0 8 8" refX="6.500" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 .8L7 4 0 7.2z" class="${look}"/></marker>`,
  )

interface StepBetween<B extends Bar> {
  readonly edge: OrderEdge
  readonly number: number
  readonly from: B
  readonly to: B
}

export const stepsBetween = <B extends Bar>({ edges = [] }: Counterexample, bars: readonly B[]): StepBetween<B>[] =>
  edges.flatMap((edge, i) => {
    const [from, to] = [edge.before, edge.after].map((row) => bars.find((bar) => bar.operation === row))
    return from === undefined || to === undefined ? [] : [{ edge, number: i + 1, from, to }]
  })

/** Draws one step of a cycle, with the letter that the text uses. */
function edgeMarkup(level: string, { reason }: OrderEdge, arc: Arc, { x, y }: Point, number: number): Html {
  // Steps that were observed have a calm colour. Steps that contradict the observed ones are red.
  const calm = reason === 'process order' || reason === 'reads from' ? '-calm' : ''
  return html`<g class="edge" data-edge="${number}"><path class="arc${calm === '' ? '' : ' calm'}" marker-end="url(#tip${calm}-${level})" d="${pathOf(arc)}"/><circle class="edge-dot${calm === '' ? '' : ' calm'}" cx="${x}" cy="${y}" r="${DISC}"/>${svgText(`edge-number${calm === '' ? '' : ' calm'}`, x, y + 4, String.fromCharCode(96 + number))}</g>`
}
