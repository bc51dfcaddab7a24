import { type Arc, along, type Box, type Point } from './arc-label.ts'

/** What an arc leaves or reaches, in pixels: a bar. */
export interface End {
  readonly x1: number
  readonly x2: number
  /** The middle of the bar. */
  readonly y: number
}

/** What is drawn already. */
export interface Covers {
  readonly texts: readonly Box[]
  readonly bars: readonly Box[]
  readonly arcs: readonly Arc[]
  /** What is outside is not seen. */
  readonly bounds: Box
}

/** How two bars are joined. */
export interface Route {
  readonly arc: Arc
  /** How far it is from a short way that crosses nothing, in pixels. */
  readonly trouble: number
}

/** Half of a bar's height, and how far from its corners an arc leaves it. */
const HALF = 10
const CORNER = 4
/** How far an arc goes straight on before it bends. */
const BENDS = [20, 50, 100, 170]
const BENDS_OF_BOTH = BENDS.flatMap((start) => BENDS.map((end) => ({ start, end })))
/** The shares of an arc's length that are looked at. */
const LOOKED_AT = Array.from({ length: 51 }, (_, i) => i / 50)
/** Its ends touch bars, and other arcs may do so there. */
const isBetween = (share: number): boolean => share >= 0.05 && share <= 0.95
/** How far an arc stays off a text. */
const OFF = 3
/** Nearer than this, arcs look like one. */
const APART = 6

interface Port {
  readonly point: Point
  /** Where an arc goes from there. */
  readonly out: Point
}

/**
 * The arc from one bar to another that runs through the fewest labels and bars; of several, the shortest. Arcs leave and
 * reach bars at their sides and corners, since labels are over and under their middles.
 */
export function routeOf(from: End, to: End, { texts, bars, arcs, bounds }: Covers): Route {
  const others = arcs.flatMap((arc) => LOOKED_AT.filter(isBetween).map((share) => along(arc, share)))
  let best: (Route & { readonly cost: number }) | undefined
  for (const start of portsOf(from, to.y))
    for (const end of portsOf(to, from.y))
      for (const bend of BENDS_OF_BOTH) {
        const arc: Arc = [start.point, bent(start, bend.start), bent(end, bend.end), end.point]
        const most = (best?.cost ?? Number.POSITIVE_INFINITY) - roundabout(start, end)
        const found = costOf(arc, { texts, bars, bounds, others }, most)
        if (found.length + found.trouble >= most) continue
        const trouble = found.trouble + roundabout(start, end)
        best = { arc, trouble, cost: found.length + trouble }
      }
  return best ?? { arc: [middleOf(from), middleOf(from), middleOf(to), middleOf(to)], trouble: 0 }
}

/** Joins several pairs of bars, each arc apart from those before it. */
export function routesOf(pairs: readonly (readonly [from: End, to: End])[], covers: Covers): readonly Route[] {
  const arcs = [...covers.arcs]
  return pairs.map(([from, to]) => {
    const route = routeOf(from, to, { ...covers, arcs })
    arcs.push(route.arc)
    return route
  })
}

const middleOf = ({ x1, x2, y }: End): Point => ({ x: (x1 + x2) / 2, y })

const bent = ({ point, out }: Port, by: number): Point => ({ x: point.x + out.x * by, y: point.y + out.y * by })

/** Its two sides, and the corners towards the other bar, or above and below where that is in the same lane. */
function portsOf({ x1, x2, y }: End, other: number): readonly Port[] {
  const inset = Math.min(CORNER, (x2 - x1) / 2)
  const sides: Port[] = [
    { point: { x: x2, y }, out: { x: 1, y: 0 } },
    { point: { x: x1, y }, out: { x: -1, y: 0 } },
  ]
  const ways = other === y ? [1, -1] : [Math.sign(other - y)]
  return [
    ...sides,
    ...ways.flatMap((down) => [
      { point: { x: x1 + inset, y: y + down * HALF }, out: { x: 0, y: down * 0.6 } },
      { point: { x: x2 - inset, y: y + down * HALF }, out: { x: 0, y: down * 0.6 } },
    ]),
  ]
}

/** An arc that leaves to the left for what is on the right, or comes from behind, looks as if time ran back. */
const roundabout = (start: Port, end: Port): number => {
  const way = Math.sign(end.point.x - start.point.x)
  return start.out.x * way < 0 || end.out.x * way > 0 ? 150 : 0
}

/** A text that is crossed cannot be read; a bar can. Stops counting at `most`. */
function costOf(
  arc: Arc,
  { texts, bars, bounds, others }: Omit<Covers, 'arcs'> & { readonly others: readonly Point[] },
  most: number,
): { readonly length: number; readonly trouble: number } {
  let [length, trouble, last] = [0, 0, arc[0]]
  for (const share of LOOKED_AT) {
    // The rest is no shorter than a straight line to the end.
    if (length + trouble + distance(last, arc[3]) >= most) return { length: most, trouble }
    const point = along(arc, share)
    if (texts.some((text) => isWithin(point, text, OFF))) trouble += 400
    if (!isWithin(point, bounds, 0)) trouble += 400
    if (isBetween(share) && bars.some((bar) => isWithin(point, bar, 0))) trouble += 60
    if (isBetween(share) && others.some((other) => distance(other, point) < APART)) trouble += 100
    length += distance(point, last)
    last = point
  }
  return { length, trouble }
}

const distance = (one: Point, other: Point): number => Math.sqrt((one.x - other.x) ** 2 + (one.y - other.y) ** 2)

const isWithin = ({ x, y }: Point, { left, right, top, bottom }: Box, off: number): boolean =>
  x > left - off && x < right + off && y > top - off && y < bottom + off
