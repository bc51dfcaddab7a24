import { type Arc, along, type Box, type Point } from './arc-label.ts'

export interface End {
  readonly x1: number
  readonly x2: number
  readonly y: number
}

export interface Covers {
  readonly texts: readonly Box[]
  readonly bars: readonly Box[]
  readonly arcs: readonly Arc[]
  /** The visible area. */
  readonly bounds: Box
}

interface Route {
  readonly arc: Arc
  /** The arc's penalty in pixels. A short arc that crosses nothing has none. */
  readonly trouble: number
}

/** Half of a bar's height in pixels. */
const HALF = 10
/** Distance from a bar's corner at which an arc leaves the bar, in pixels. */
const CORNER = 4
/** The tried distances of an arc's control points from its ends, in pixels. */
const BENDS = [20, 50, 100, 170]
const BENDS_OF_BOTH = BENDS.flatMap((start) => BENDS.map((end) => ({ start, end })))
/** The tested positions on an arc, as shares of its length. */
const LOOKED_AT = Array.from({ length: 51 }, (_, i) => i / 50)
/** Whether a position is away from the ends of an arc, which always touch bars. */
const isBetween = (share: number): boolean => share >= 0.05 && share <= 0.95
/** Minimum distance between an arc and a text, in pixels. */
const OFF = 3
/** Minimum distance between two arcs, in pixels. Closer arcs look like one. */
const APART = 6

interface Port {
  readonly point: Point
  readonly out: Point
}

/**
 * Returns the arc between two bars that crosses the fewest labels and bars. If there are several, returns the shortest.
 * Arcs end at the sides and corners of bars, because labels are above and below bars.
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

/** Returns where arcs may leave a bar: its ends, and the corners on the side of the other bar (at y = `other`). */
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

/**
 * Returns a penalty in pixels for an arc that leaves its first bar, or reaches its second bar, in the wrong direction.
 * Such an arc would look reversed.
 */
const roundabout = (start: Port, end: Port): number => {
  const way = Math.sign(end.point.x - start.point.x)
  return start.out.x * way < 0 || end.out.x * way > 0 ? 150 : 0
}

/**
 * Returns the length and the penalty of an arc. A crossed text costs more than a crossed bar, because it is unreadable.
 * Stops when length and penalty together reach `most`.
 */
function costOf(
  arc: Arc,
  { texts, bars, bounds, others }: Omit<Covers, 'arcs'> & { readonly others: readonly Point[] },
  most: number,
): { readonly length: number; readonly trouble: number } {
  let [length, trouble, last] = [0, 0, arc[0]]
  for (const share of LOOKED_AT) {
    // The rest of the arc is at least as long as the straight line to its end.
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
