import { type Box, overlaps } from './arc-label.ts'

/** The width of a label, and its place before it moves out of the way, in pixels. */
interface Labelled {
  readonly x: number
  readonly y: number
  readonly width: number
}

/** A label's left edge and vertical middle. */
interface Spot {
  readonly left: number
  readonly middle: number
}

const HEIGHT = 17
const STEP = { x: 10, y: 9 }
const GAP = 4

/** Puts each label as close to its place as possible, without covering other labels or reserved areas. */
export function dodge(labels: readonly Labelled[], area: Box, reserved: readonly Box[] = []): readonly Spot[] {
  const steps = stepsFor(area)
  const taken: Box[] = [...reserved]
  return labels.map(({ x, y, width }) => {
    const boxAt = ({ left, middle }: Spot): Box => ({
      left,
      right: left + width + GAP,
      top: middle - HEIGHT / 2,
      bottom: middle + HEIGHT / 2,
    })
    const home = { left: x - HEIGHT / 2, middle: y }
    const spots = steps.map(({ dx, dy }) => ({ left: home.left + dx, middle: home.middle + dy }))
    const free = spots.find((spot) => {
      const box = boxAt(spot)
      return isInside(box, area) && !taken.some((other) => overlaps(box, other))
    })
    const spot = free ?? home
    taken.push(boxAt(spot))
    return spot
  })
}

/** Nearest first. */
function stepsFor({ left, right, top, bottom }: Box): readonly { readonly dx: number; readonly dy: number }[] {
  const [across, down] = [Math.ceil((right - left) / STEP.x), Math.ceil((bottom - top) / STEP.y)]
  const steps: { dx: number; dy: number }[] = []
  for (let i = -across; i <= across; i++)
    for (let j = -down; j <= down; j++) steps.push({ dx: i * STEP.x, dy: j * STEP.y })
  return steps.sort((one, other) => Math.hypot(one.dx, one.dy) - Math.hypot(other.dx, other.dy))
}

const isInside = (box: Box, area: Box): boolean =>
  box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom
