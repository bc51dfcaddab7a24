export interface Point {
  readonly x: number
  readonly y: number
}

/** The place of a node in a ring with the first node at the top. */
export interface Place extends Point {
  /** The unit vector from the ring's centre outwards. */
  readonly out: Point
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly card: { readonly width: number; readonly height: number }
  readonly places: ReadonlyMap<string, Place>
}

const WIDE = { width: 720, height: 400 }
const NARROW = { width: 368, height: 470 }
/** With more nodes than this, the cards show less. */
const MOST_LARGE = 6
const STUB = 26
/** The greatest number of nodes drawn without a ring. */
const MOST_FLAT = 2
const FLAT = 240

export function layOut(nodes: readonly string[], isNarrow: boolean): Layout {
  const { width, height } =
    nodes.length <= MOST_FLAT ? { ...(isNarrow ? NARROW : WIDE), height: FLAT } : isNarrow ? NARROW : WIDE
  const large = nodes.length <= MOST_LARGE
  const card = isNarrow ? { width: 106, height: 62 } : { width: large ? 128 : 104, height: 62 }
  const middle = { x: width / 2, y: height / 2 }
  const radius = { x: width / 2 - card.width / 2 - STUB - 8, y: height / 2 - card.height / 2 - STUB - 2 }
  const directions = nodes.map((_, i) => {
    const angle = (i / nodes.length) * 2 * Math.PI - Math.PI / 2
    return { x: Math.cos(angle), y: Math.sin(angle) }
  })
  // If the number of nodes is odd, no node is at the lowest point of the ring. So the ring is stretched until its
  // lowest nodes reach the height of this point.
  const lowest = Math.max(...directions.map(({ y }) => y))
  const places = nodes.map((node, i): [string, Place] => {
    const out = directions[i] ?? { x: 0, y: -1 }
    if (nodes.length === 1) return [node, { ...middle, out }]
    const down = -1 + ((out.y + 1) * 2) / (lowest + 1)
    return [node, { x: middle.x + radius.x * out.x, y: middle.y + radius.y * down, out }]
  })
  return { width, height, card, places: new Map(places) }
}

export function between(
  from: Point,
  to: Point,
  card: Layout['card'],
): { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number } {
  const start = edgeOf(from, to, card)
  const end = edgeOf(to, from, card)
  return { x1: start.x, y1: start.y, x2: end.x, y2: end.y }
}

/** Returns where the line from the middle of a card to another point crosses the card's edge. */
function edgeOf(middle: Point, towards: Point, card: Layout['card']): Point {
  const dx = towards.x - middle.x
  const dy = towards.y - middle.y
  const scale = 1 / Math.max(Math.abs(dx) / (card.width / 2 + 4), Math.abs(dy) / (card.height / 2 + 4), 1e-9)
  return { x: middle.x + dx * Math.min(1, scale), y: middle.y + dy * Math.min(1, scale) }
}

export function stub({ x, y, out }: Place, card: Layout['card']): ReturnType<typeof between> {
  const start = edgeOf({ x, y }, { x: x + out.x * 1000, y: y + out.y * 1000 }, card)
  return { x1: start.x, y1: start.y, x2: start.x + out.x * STUB, y2: start.y + out.y * STUB }
}
