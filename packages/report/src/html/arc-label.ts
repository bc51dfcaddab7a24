/** A point of a drawing, in pixels; y grows downwards. */
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

/** A cubic Bézier curve: its ends, with two control points between. */
export type Arc = readonly [from: Point, bend: Point, bend: Point, to: Point]

/** Positions along an arc, as shares of its length, the middle first. */
const PLACES = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]
/** Distances to try between a label and a crowded arc, in pixels. */
const OFFSETS = [0, -15, 15, -30, 30]
const GAP = 8
const TEXT_HEIGHT = 12

/**
 * Returns the centre of a label beside an arc, as close as possible to the arc, and then to the middle of the arc. If
 * possible, the label covers nothing.
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

/**
 * Returns the first place at which a text of this width overlaps no box in `taken`. If there is none, returns the first
 * place.
 */
export const freePlace = (places: readonly Point[], width: number, taken: readonly Box[]): Point | undefined =>
  places.find((place) => !taken.some((box) => overlaps(boxOf(place, width), box))) ?? places[0]

/** Positions along an arc, as shares of its length, from the middle to the ends. */
const SHARES = Array.from({ length: 37 }, (_, i) => 0.5 + (i % 2 === 0 ? 1 : -1) * Math.ceil(i / 2) * 0.025)

/**
 * Returns the centre of a disc on an arc, as close as possible to the middle of the arc. If possible, the disc covers
 * nothing.
 */
export function discOn(arc: Arc, radius: number, taken: readonly Box[]): Point {
  const isFree = (point: Point): boolean => {
    const box = boxAround(point, radius, radius)
    return !taken.some((other) => overlaps(box, other))
  }
  return SHARES.map((share) => along(arc, share)).find(isFree) ?? along(arc, 0.5)
}

export const pathOf = ([from, leaving, arriving, to]: Arc): string =>
  `M${from.x} ${from.y}C${leaving.x} ${leaving.y} ${arriving.x} ${arriving.y} ${to.x} ${to.y}`

export const boxOf = ({ x, y }: Point, width: number): Box => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - TEXT_HEIGHT,
  bottom: y + 3,
})

/** Returns the box around a middle, given half its width and half its height. */
export const boxAround = ({ x, y }: Point, half: number, tall: number): Box => ({
  left: x - half,
  right: x + half,
  top: y - tall,
  bottom: y + tall,
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
