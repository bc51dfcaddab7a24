/** Pixels of a drawing, y downwards. */
export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** A cubic Bézier curve: its ends, and between them what bends it. */
export type Arc = readonly [from: Point, bend: Point, bend: Point, to: Point]

/** The middle first, then ever closer to the ends. */
const PLACES = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]
/** How much higher or lower than its arc a label may be where the arc has labels of operations all along. */
const OFFSETS = [0, -15, 15, -30, 30]
const GAP = 8
const TEXT_HEIGHT = 12

/**
 * The centre of a label of this width beside an arc between lanes. The label covers nothing else that is drawn, and is
 * as near to the arc, and to its middle, as possible. If no place is free, it is beside the middle.
 */
export function besideArc(arc: Arc, width: number, taken: readonly Box[], bounds: Omit<Box, 'top' | 'bottom'>): Point {
  const falls = arc[3].y > arc[0].y
  const places = OFFSETS.flatMap((offset) =>
    PLACES.flatMap((share) => {
      const { x, y } = along(arc, share)
      const toTheRight = { x: x + GAP + width / 2, y: (falls ? y - 5 : y + 14) + offset }
      const toTheLeft = { x: x - GAP - width / 2, y: (falls ? y + 14 : y - 5) + offset }
      return [toTheRight, toTheLeft]
    }),
  ).filter(({ x }) => x - width / 2 >= bounds.left && x + width / 2 <= bounds.right)
  return freePlace(places, width, taken) ?? along(arc, 0.5)
}

/** The first place at which a text of this width covers nothing; the first of all if there is none. */
export const freePlace = (places: readonly Point[], width: number, taken: readonly Box[]): Point | undefined =>
  places.find((place) => !taken.some((box) => overlaps(boxOf(place, width), box))) ?? places[0]

/** Shares of an arc's length, from its middle to its ends. */
const SHARES = Array.from({ length: 37 }, (_, i) => 0.5 + (i % 2 === 0 ? 1 : -1) * Math.ceil(i / 2) * 0.025)

/**
 * The middle of a disc on an arc that covers nothing else that is drawn, as near to the middle of the arc as possible;
 * the middle itself if no place is free.
 */
export function discOn(arc: Arc, radius: number, taken: readonly Box[]): Point {
  const isFree = ({ x, y }: Point): boolean => {
    const box = { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }
    return !taken.some((other) => overlaps(box, other))
  }
  return SHARES.map((share) => along(arc, share)).find(isFree) ?? along(arc, 0.5)
}

export const pathOf = ([from, leaving, arriving, to]: Arc): string =>
  `M${from.x} ${from.y}C${leaving.x} ${leaving.y} ${arriving.x} ${arriving.y} ${to.x} ${to.y}`

/** The box of a text around its baseline's middle. */
export const boxOf = ({ x, y }: Point, width: number): Box => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - TEXT_HEIGHT,
  bottom: y + 3,
})

export const overlaps = (one: Box, other: Box): boolean =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom

export function along([from, leaving, arriving, to]: Arc, share: number): Point {
  const rest = 1 - share
  const [a, b, c, d] = [rest * rest * rest, 3 * rest * rest * share, 3 * rest * share * share, share * share * share]
  return {
    x: a * from.x + b * leaving.x + c * arriving.x + d * to.x,
    y: a * from.y + b * leaving.y + c * arriving.y + d * to.y,
  }
}
